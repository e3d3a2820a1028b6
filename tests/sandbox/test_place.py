"""Where home, project and the plugin's copy of a case are, and what is in them before anything starts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hookproof.catalogue.lifecycle import Resolved
from hookproof.catalogue.place import Place
from hookproof.catalogue.plugin import resolve_plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.scenario import read_scenario
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.sandbox import Layout

LIFECYCLE = Resolved(name="claude-2.1.91", host="claude", rows={})
FORK = """
title = "t"
source = "s"
kind = "context"
host = "codex"
requires = ["CTX-01"]
user = "Hello."
[codex]
app_server = true
[sessions.other]
user = "Hello."
place = {}
[[model.main]]
text = "Hello."
[[model.other]]
text = "Hello."
[[then]]
when = "turn ended"
do = "fork session other"
"""


def parts(sandbox: sandboxes.Sandbox) -> list[Path]:
    return [sandbox.home, sandbox.project, sandbox.plugin]


def test_home_project_and_plugin_are_below_a_folder_with_a_space_and_a_letter_outside_ascii() -> None:
    sandbox = sandboxes.build(resolve_plugin("reference"), LIFECYCLE, programs={})
    try:
        name = sandbox.place.name
        assert " " in name
        assert name.isascii() is (sys.platform == "win32")
        assert all(each.is_dir() and each.is_relative_to(sandbox.place) for each in parts(sandbox))
        # sockets have short paths
        assert sandbox.tmp == sandbox.root / "tmp"
    finally:
        assert sandbox.remove()


def test_a_scenario_can_ask_for_a_plain_place() -> None:
    plain = Layout(Place(plain=True))
    sandbox = sandboxes.build(resolve_plugin("reference"), LIFECYCLE, programs={}, layout=plain)
    try:
        assert all(str(each).isascii() and " " not in str(each) for each in parts(sandbox))
        assert sandbox.plugin.name == "companion"
    finally:
        assert sandbox.remove()


@pytest.mark.parametrize(("version", "folder"), [("1.0.5", "1.0.5"), (None, "unknown")])
def test_an_installed_copy_is_in_cache_name_version(version: str | None, folder: str) -> None:
    plugin = replace(resolve_plugin("reference"), version=version)
    sandbox = sandboxes.build(plugin, LIFECYCLE, programs={}, layout=Layout(Place(installed=True)))
    try:
        assert sandbox.plugin.relative_to(sandbox.place) == Path("plugins/cache/codex") / folder
        assert (sandbox.plugin / "hooks" / "hooks.json").is_file()
    finally:
        assert sandbox.remove()


def test_a_session_beside_has_everything_of_its_own_and_what_the_scenario_puts_there() -> None:
    plugin = resolve_plugin("reference-workflow")
    layout = Layout(home={".bash_profile": "echo hi\n"}, project={"src/a.py": "pass\n"})
    sandbox = sandboxes.build(plugin, LIFECYCLE, programs={}, layout=layout)
    try:
        other = sandboxes.beside(sandbox, "other", plugin, replace(layout, place=Place(plain=True)))
        assert not set(parts(other)) & set(parts(sandbox))
        assert other.tmp != sandbox.tmp
        assert other.tmp.is_dir()
        assert other.root == sandbox.root
        for each in (sandbox, other):
            assert (each.home / ".bash_profile").read_text() == "echo hi\n"
            assert (each.project / "src" / "a.py").read_text() == "pass\n"
            assert (each.project / ".git" / "HEAD").is_file()
            assert (each.plugin / ".claude-plugin" / "plugin.json").is_file()
    finally:
        assert sandbox.remove()


def test_a_fork_has_the_place_of_what_it_is_of(tmp_path: Path) -> None:
    path = tmp_path / "fork.toml"
    path.write_text(FORK)
    with pytest.raises(CatalogueError, match=r"sessions\.other\.place: a fork has the home"):
        read_scenario(path)


@pytest.mark.parametrize("table", ["home", "project"])
def test_no_file_of_a_scenario_lies_outside(table: str, tmp_path: Path) -> None:
    path = tmp_path / "out.toml"
    path.write_text(FORK.replace("place = {}\n", "") + f'[{table}]\n"../x" = "y"\n')
    with pytest.raises(CatalogueError, match=r"without '\.\.' and not absolute"):
        read_scenario(path)
