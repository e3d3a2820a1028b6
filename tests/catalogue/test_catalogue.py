"""What is read from files: everything shipped is right, and every kind of mistake gets a sentence that helps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hookproof import places
from hookproof.catalogue.lifecycle import lifecycle_files, read_lifecycle, resolve_lifecycle
from hookproof.catalogue.plugin import PluginError, descriptors, resolve_plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files

SCENARIO = """
title = "A title"
source = "somewhere"
kind = "companion"
host = "claude"
requires = ["JOB-01"]
user = "Do it."
[jobs.review]
[[model.main]]
text = "Done."
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_every_shipped_scenario_reads_and_names_real_requirements(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.id == path.relative_to(places.SCENARIOS).with_suffix("").as_posix()
    assert set(scenario.requires) <= set(read_requirements())


def test_every_requirement_is_exercised_by_a_scenario() -> None:
    named = {name for path in scenario_files() for name in read_scenario(path).requires}
    assert named == set(read_requirements())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('usr = "x"\n', "usr: unknown key; did you mean 'user'?"),
        ('id = "x"\n', "id: unknown key; the path of the file is its id"),
        ("jobs = 3\n", "jobs"),
    ],
)
def test_a_wrong_key_is_named_with_the_right_one(tmp_path: Path, change: str, message: str) -> None:
    text = SCENARIO.replace("[jobs.review]\n", "") if "jobs" in change else SCENARIO
    with pytest.raises(CatalogueError) as caught:
        read_scenario(written(tmp_path, change + text))
    assert message in str(caught.value)
    assert str(tmp_path / "case.toml") in str(caught.value)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('when = "job begun"\ndo = "look"', "then[1].when: expected one of: job started"),
        ('when = "job started"\ndo = "dance"', "then[1].do: expected one of: look"),
        ('when = "job started"', "expected exactly one of `do` and `user`"),
        ('when = "job build started"\ndo = "look"', "names 'build'"),
        ('when = "job started"\ndo = "start session second"', "names 'second'"),
        ('when = "turn of main ended"\ndo = "end session agent"', "names 'agent'"),
        ('when = "turn ended"\ndo = "resume session"', "put an `end session` before it"),
        ('when = "turn ended"\ndo = "release shells"', "then[1].do: expected one of: look"),
    ],
)
def test_a_step_that_says_nothing_known_is_explained(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read_scenario(written(tmp_path, f"{SCENARIO}\n[[then]]\n{step}\n"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "call", ['command = "x job=review"\nheld = true', 'command = "x"\nrun_in_background = true\nheld = true']
)
def test_only_a_background_command_of_a_job_can_be_held(tmp_path: Path, call: str) -> None:
    with pytest.raises(CatalogueError, match="held: expected a command in the background that names a job"):
        read_scenario(written(tmp_path, f'{SCENARIO}\n[[model.main]]\ncall = "Bash"\n{call}\n'))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    broken = SCENARIO.replace('title = "A title"', "title = 3").replace('host = "claude"', 'host = "emacs"')
    with pytest.raises(CatalogueError) as caught:
        read_scenario(written(tmp_path, broken + '[[model.main]]\ncall = "Fly"\n'))
    assert len(caught.value.mistakes) == 3
    assert "model.main[2]" in str(caught.value)


@pytest.mark.parametrize("text", ["= 3", "\x00"])
def test_what_is_not_toml_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError, match="is not TOML"):
        read_scenario(written(tmp_path, text))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="does not exist"):
        read_scenario(tmp_path / "none.toml")


@pytest.mark.parametrize("path", lifecycle_files(), ids=lambda path: path.stem)
def test_every_lifecycle_reads_and_each_row_has_its_source(path: Path) -> None:
    lifecycle = read_lifecycle(path)
    assert lifecycle.name == path.stem
    for switch in lifecycle.switches:
        assert resolve_lifecycle(f"{lifecycle.name}+{switch}").name.endswith(switch)


@pytest.mark.parametrize(
    ("spec", "message"),
    [("claude-2.1.9", "did you mean 'claude-2.1.91'"), ("as-reported-345+parent", "did you mean 'parent-id'")],
)
def test_an_unknown_lifecycle_or_switch_is_helped_with(spec: str, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        resolve_lifecycle(spec)


def test_a_lifecycle_row_without_a_source_is_refused(tmp_path: Path) -> None:
    text = 'name = "x"\ntitle = "x"\nhost = "claude"\n[rows]\nversion = { is = "1" }\n'
    with pytest.raises(CatalogueError, match=r"rows.version: expected"):
        read_lifecycle(written(tmp_path, text))


def test_every_shipped_descriptor_reads() -> None:
    assert {each.name for each in descriptors()} >= {"reference", "codex-plugin-cc"}


def a_plugin(root: Path, manifest: object = None, hooks: object = None) -> Path:
    (root / ".claude-plugin").mkdir(parents=True)
    (root / "hooks").mkdir()
    said = {"name": "codex", "author": {"name": "OpenAI"}, "version": "9"} if manifest is None else manifest
    (root / ".claude-plugin" / "plugin.json").write_text(said if isinstance(said, str) else json.dumps(said))
    (root / "hooks" / "hooks.json").write_text(hooks if isinstance(hooks, str) else json.dumps(hooks or {"hooks": {}}))
    return root


def test_a_plugin_is_recognised_by_its_manifest_also_inside_its_marketplace(tmp_path: Path) -> None:
    root = a_plugin(tmp_path / "repository" / "plugins" / "codex")
    assert resolve_plugin(str(root)).name == "codex-plugin-cc 9"
    assert resolve_plugin(str(tmp_path / "repository")).root == root


@pytest.mark.parametrize(
    ("manifest", "hooks", "message"),
    [
        ("{broken", None, "is not JSON"),
        ([], None, "expected a JSON object"),
        ({"name": "codex", "author": {"name": "Somebody"}}, None, "is none that hookproof knows"),
        (None, "{broken", "hooks.json: is not JSON"),
        (None, {"hooks": []}, 'expected an object under "hooks"'),
        (None, {"hooks": {"SessionEnd": {}}}, "hooks.SessionEnd: expected a list"),
        (None, {"hooks": {"SessionEnd": [{"hook": []}]}}, r"hooks.SessionEnd\[1\]: expected an object with a list"),
    ],
)
def test_a_broken_plugin_gets_one_clear_sentence(tmp_path: Path, manifest: object, hooks: object, message: str) -> None:
    root = a_plugin(tmp_path / "plugin", manifest, hooks)
    with pytest.raises(PluginError, match=message) as caught:
        resolve_plugin(str(root))
    assert "\n" not in str(caught.value)


def test_a_directory_that_is_no_plugin_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"is no plugin: there is no \.claude-plugin/plugin\.json"):
        resolve_plugin(str(tmp_path))


def test_an_unknown_policy_is_helped_with() -> None:
    with pytest.raises(PluginError, match="did you mean 'fix-1-refuse'"):
        resolve_plugin("reference:fix-1-refus")
    with pytest.raises(PluginError, match="no such directory"):
        resolve_plugin("nowhere")
