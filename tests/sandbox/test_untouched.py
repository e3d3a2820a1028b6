"""A user's checkout is never written, wherever the plugin has links and wherever they lead.

Content, mode and time of every file are compared before and after, in the checkout and in what its links lead to. The
last tests show that this comparison notices what a copy that keeps its links would do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from user_tree import plant, reference, snapshot

from hookproof import journal, places
from hookproof.catalogue.lifecycle import Resolved, resolve_lifecycle
from hookproof.catalogue.plugin import Plugin, PluginError, resolve_plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.tree import Tree
from hookproof.hosts.claude import interactive as claude_terminal
from hookproof.hosts.claude.host import CLAUDE
from hookproof.hosts.codex import home as codex_home
from hookproof.hosts.registry import HOSTS, stand_ins
from hookproof.records.sent import HookStarted
from hookproof.sandbox import inside, tap
from hookproof.sandbox import sandbox as sandboxes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")

LIFECYCLE = Resolved(name="x", host="claude", rows={})
COMPANION: list[str] = [
    ".claude-plugin",
    ".claude-plugin/plugin.json",
    "hooks",
    "hooks/hooks.json",
    "scripts",
    "scripts/hook.py",
    "agents",
    "policy",
    "texts/as-reported",
    "README.md",
]
WORKFLOW = [".codex-plugin", ".codex-plugin/plugin.json", "hooks/hooks.codex.json", "hooks/context", "policy"]
PLACES = [("companion", place) for place in COMPANION] + [("workflow", place) for place in WORKFLOW]
SPELLED = pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])


def staged(plugin: Plugin, folder: Path) -> None:
    """All that hookproof writes into a plugin's copy: the policy, then the tap of each host. And the end of it."""
    folder.mkdir()
    sandbox = sandboxes.build(plugin, LIFECYCLE, programs=stand_ins())
    try:
        for host in HOSTS.values():
            tap.install(sandbox.plugin, host, sys.executable)
    finally:
        assert sandbox.remove()


def under_policy(root: Path) -> Plugin:
    """The plugin in `root`, as the reference that it is a copy of: with a policy to be laid over it."""
    plugin = resolve_plugin(str(root))
    return replace(plugin, policy="as-reported" if "as-reported" in plugin.descriptor.policies else "before-146")


@SPELLED
@pytest.mark.parametrize(("name", "place"), PLACES, ids=str)
def test_a_link_that_stays_inside_is_followed_in_the_copy(
    tmp_path: Path, name: str, place: str, absolute: bool
) -> None:
    root = reference(tmp_path, name)
    target = plant(root, place, outside=False, absolute=absolute).relative_to(root)
    before = snapshot(root)
    (tmp_path / "run").mkdir()
    sandbox = sandboxes.build(under_policy(root), LIFECYCLE, programs=stand_ins())
    tapped = [each for host in HOSTS.values() for each in tap.install(sandbox.plugin, host, sys.executable)]
    assert tapped
    assert all(each.file.is_relative_to(sandbox.plugin) for each in tapped)
    assert all("tap.py" in each.file.read_text(encoding="utf-8") for each in tapped)
    assert (sandbox.plugin / place).exists()
    assert (sandbox.plugin / target).exists()
    assert all(path.resolve().is_relative_to(sandbox.plugin) for path in sandbox.plugin.rglob("*"))
    assert (sandbox.plugin / "policy").read_text(encoding="utf-8") in {"as-reported\n", "before-146\n"}
    assert sandbox.remove()
    assert snapshot(root) == before


@SPELLED
@pytest.mark.parametrize("there", [True, False], ids=["there", "dangling"])
@pytest.mark.parametrize(("name", "place"), PLACES, ids=str)
def test_a_link_that_leads_out_is_refused(tmp_path: Path, name: str, place: str, absolute: bool, there: bool) -> None:
    root = reference(tmp_path, name)
    target = plant(root, place, outside=True, absolute=absolute)
    if not there:
        target.rename(tmp_path / "gone")
    before = snapshot(tmp_path)
    with pytest.raises(PluginError) as caught:
        resolve_plugin(str(root))
    says = os.readlink(root / place)  # noqa: PTH115 - as it is spelled
    said = str(caught.value)
    assert f"{root}: {place} is a link to {says} that leads out of the plugin" in said
    assert str(target) in said
    assert "put a copy of what it names into the plugin" in said
    assert "\n" not in said
    assert snapshot(tmp_path) == before


@SPELLED
@pytest.mark.parametrize("place", COMPANION)
def test_a_link_that_is_put_there_after_the_plugin_was_looked_at_is_refused_as_well(
    tmp_path: Path, place: str, absolute: bool
) -> None:
    root = reference(tmp_path)
    plugin = under_policy(root)
    plant(root, place, outside=True, absolute=absolute)
    before = snapshot(root, tmp_path / "shared")
    with pytest.raises(PluginError, match=f"{place} is a link to .* that leads out of the plugin"):
        staged(plugin, tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == [], "no world was made"
    assert snapshot(root, tmp_path / "shared") == before


@pytest.mark.parametrize(
    ("place", "to"),
    [
        ("hooks/hooks.json", "{users}/hooks.json"),
        ("hooks", "{users}"),
        (".claude-plugin/plugin.json", "{users}/plugin.json"),
        (".claude-plugin", "{users}"),
    ],
)
def test_a_link_that_was_put_into_the_copy_is_not_written_through(tmp_path: Path, place: str, to: str) -> None:
    """As the hook of another case could, between the copying and the tap."""
    users, root = tmp_path / "users", reference(tmp_path)
    shutil.copytree(root / "hooks", users)
    inline = {"name": "codex", "author": {"name": "hookproof"}, **json.loads((users / "hooks.json").read_text())}
    (users / "plugin.json").write_text(json.dumps(inline), encoding="utf-8")
    before = snapshot(users)
    (tmp_path / "run").mkdir()
    sandbox = sandboxes.build(under_policy(root), LIFECYCLE, programs=stand_ins())
    (sandbox.plugin / place).rename(sandbox.root / "away")
    (sandbox.plugin / place).symlink_to(to.format(users=users))
    with pytest.raises(tap.TapError, match=r"leads out of .*hookproof writes nothing there"):
        tap.install(sandbox.plugin, CLAUDE, sys.executable)
    for beside in ("plugin.tap-claude.json", "lifecycle-other.json"):
        (sandbox.root / beside).unlink(missing_ok=True)
        (sandbox.root / beside).symlink_to(users / "hooks.json")
    sandboxes.write_lifecycle(sandbox.root / "lifecycle-other.json", LIFECYCLE)
    assert snapshot(users) == before
    assert sandbox.remove()


@pytest.mark.parametrize("name", [".claude.json", ".codex"])
def test_a_link_in_the_home_is_not_written_through(tmp_path: Path, name: str) -> None:
    """As the hook of an earlier session could leave one: to a file that is not there yet, or to a folder."""
    users = tmp_path / "users"
    users.mkdir()
    (tmp_path / "run").mkdir()
    sandbox = sandboxes.build(resolve_plugin("reference"), LIFECYCLE, programs=stand_ins())
    (sandbox.home / name).symlink_to(users / "new" if name == ".claude.json" else users)
    before = snapshot(users)
    if name == ".claude.json":
        claude_terminal._answer_first_questions(sandbox, "a key")
    else:
        with pytest.raises(FileExistsError):
            codex_home.write_config(sandbox.home / name, "http://127.0.0.1:9", sandbox.project, [])
    assert snapshot(users) == before
    assert sandbox.remove()


def with_project(tmp_path: Path, name: str) -> Plugin:
    """The reference workflow, as if it needed a file of this name in the project."""
    file = tmp_path / "descriptor.toml"
    text = (places.DESCRIPTORS / "reference-workflow.toml").read_text(encoding="utf-8")
    file.write_text(f"{text}\n[project]\n{json.dumps(name)} = 'x'\n", encoding="utf-8")
    return resolve_plugin(str(places.REFERENCE / "workflow"), descriptor_file=file)


@pytest.mark.parametrize("name", ["../../users/file", "/tmp/file", "a/../../file", "C:\\file", "..\\file"])
def test_a_descriptor_cannot_name_a_file_outside_of_the_project(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueError, match="expected a path that stays inside"):
        with_project(tmp_path, name)


def test_the_files_of_a_project_are_written_with_their_folders(tmp_path: Path) -> None:
    sandbox = sandboxes.build(with_project(tmp_path, ".my/own/config.yml"), LIFECYCLE, programs=stand_ins())
    assert (sandbox.project / ".my" / "own" / "config.yml").read_text(encoding="utf-8") == "x"
    assert sandbox.remove()


# -- through the command line


@pytest.fixture
def disguised(tmp_path: Path) -> Path:
    """The stand-in, as a program that says it is Claude Code 2.1.91: such a host's hooks are tapped."""
    program, fake = tmp_path / "claude", places.FAKES / "claude" / "claude.py"
    behaviour = tmp_path / "lifecycle.json"
    behaviour.write_text(resolve_lifecycle("claude-2.1.91").model_dump_json(), encoding="utf-8")
    program.write_text(f'#!/bin/sh\nHOOKPROOF_LIFECYCLE={behaviour} exec {sys.executable} -I -S {fake} "$@"\n')
    program.chmod(0o755)
    return program


def run(tmp_path: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hookproof", "run", "pattern-a", "--runs", str(tmp_path / "runs"), "-j", "1"]
    env = {**os.environ, "HOOKPROOF_CACHE": str(tmp_path / "cache")}
    return subprocess.run(
        [*command, *map(str, words)], capture_output=True, text=True, check=False, timeout=100, env=env
    )


@SPELLED
@pytest.mark.parametrize("place", ["hooks", "hooks/hooks.json", ".claude-plugin/plugin.json", "scripts", "policy"])
def test_a_run_with_the_tap_leaves_the_checkout_as_it_was(
    tmp_path: Path, disguised: Path, place: str, absolute: bool
) -> None:
    root = reference(tmp_path)
    plant(root, place, outside=False, absolute=absolute)
    (tmp_path / "by-another-name").symlink_to(root)
    before = snapshot(root)
    done = run(tmp_path, "--plugin", tmp_path / "by-another-name", "--claude", disguised, "--allow-network")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 conform, 0 violate, 0 unknown" in done.stdout
    assert _tapped(tmp_path)
    assert snapshot(root) == before


def _tapped(tmp_path: Path) -> bool:
    """Whether the hooks of the one case that was played were wrapped, as the host read them."""
    (path,) = (tmp_path / "runs").glob("2*/*/journal.jsonl")
    commands = [record.command for record in journal.read(path) if isinstance(record, HookStarted)]
    return any("tap.py" in command for command in commands)


def test_a_run_without_the_tap_leaves_it_too(tmp_path: Path) -> None:
    root = reference(tmp_path)
    plant(root, "hooks", outside=False, absolute=True)
    before = snapshot(root)
    done = run(tmp_path, "--plugin", root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not _tapped(tmp_path)
    assert snapshot(root) == before


@SPELLED
@pytest.mark.parametrize("place", ["hooks", "hooks/hooks.json", ".claude-plugin/plugin.json", "README.md"])
def test_a_run_of_what_leads_out_ends_before_it_begins(
    tmp_path: Path, disguised: Path, place: str, absolute: bool
) -> None:
    """Absolute: the user's file was rewritten. Relative: the copy had no hooks, and the plugin was blamed."""
    root = reference(tmp_path)
    target = plant(root, place, outside=True, absolute=absolute)
    before = snapshot(root, tmp_path / "shared")
    for host in ((), ("--claude", disguised, "--allow-network")):
        done = run(tmp_path, "--plugin", root, *host)
        assert done.returncode == 2, done.stdout + done.stderr
        assert done.stderr.startswith(f"hookproof: {root}: {place} is a link to ")
        assert str(target) in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()
    assert snapshot(root, tmp_path / "shared") == before


# -- what would be noticed


@pytest.fixture
def old_manners(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that keeps its links, and writing as everybody writes."""

    def copied(copy: Path, plugin: Plugin, _tree: Tree) -> None:
        shutil.copytree(plugin.root, copy, symlinks=True)
        for overlay in plugin.descriptor.policies[plugin.policy or ""].overlay:
            shutil.copytree(copy / overlay, copy, dirs_exist_ok=True)
        (copy / "policy").write_text("as-reported\n")

    def write(_folder: Path, path: Path, content: str) -> None:
        path.write_text(content, encoding="utf-8")

    monkeypatch.setattr(sandboxes, "tree_of", Tree)
    monkeypatch.setattr(sandboxes, "_plugin", copied)
    monkeypatch.setattr(inside, "write", write)
    monkeypatch.setattr(inside, "place", lambda _folder, path: path.resolve())


@pytest.mark.usefixtures("old_manners")
@pytest.mark.parametrize("place", ["hooks", "hooks/hooks.json", "agents", "policy"])
def test_the_comparison_notices_a_write_through_a_link(tmp_path: Path, place: str) -> None:
    root = reference(tmp_path)
    plugin = under_policy(root)
    target = plant(root, place, outside=True, absolute=True)
    before = snapshot(root, tmp_path / "shared")
    staged(plugin, tmp_path / "run")
    after = snapshot(root, tmp_path / "shared")
    changed = [path for path in after if after[path] != before.get(path)]
    assert changed
    assert all(Path(path).is_relative_to(target) for path in changed)
