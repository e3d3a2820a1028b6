"""What may be copied: links that stay inside, spelled as they may be, and everything that may not, in one sentence."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from hookproof.catalogue.plugin import PluginError, resolve_plugin, tree_of
from hookproof.catalogue.tree import Link, survey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file in a folder, beside a folder that is somebody else's."""
    root = tmp_path / "plugin"
    for name in ("plugin/inner/deep", "plugin/.git", "plugin/node_modules/package", "shared"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("plugin/inner/file", "plugin/inner/deep/file", "plugin/node_modules/package/index.js", "shared/file"):
        (tmp_path / name).write_text(name)
    return root


def link(root: Path, name: str, to: str) -> None:
    (root / name).symlink_to(to.replace("ROOT", str(root)))


def wrong(root: Path) -> list[str]:
    return [str(each) for each in survey(root).wrong]


@pytest.mark.parametrize(
    ("name", "to", "says", "place"),
    [
        ("a", "inner/file", "inner/file", "inner/file"),
        ("a", "./inner/../inner/file", "./inner/../inner/file", "inner/file"),
        ("a", "inner", "inner", "inner"),
        ("inner/up", "..", "..", "."),
        ("inner/deep/a", "../file", "../file", "inner/file"),
        ("a", "nothing/there", "nothing/there", "nothing/there"),
        # what would lead out of a copy, or back into the original, is said anew
        ("a", "ROOT/inner/file", "inner/file", "inner/file"),
        ("inner/deep/a", "ROOT/inner/file", "../file", "inner/file"),
        ("inner/a", "ROOT", "..", "."),
        ("a", "../plugin/inner", "inner", "inner"),
        ("a", "ROOT/nothing", "nothing", "nothing"),
        ("a", "../elsewhere/back/inner/file", "inner/file", "inner/file"),
    ],
)
def test_a_link_that_stays_leads_to_the_same_place_of_a_copy(
    root: Path, name: str, to: str, says: str, place: str
) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "elsewhere" / "back").symlink_to(root)
    link(root, name, to)
    tree = survey(root)
    assert tree.wrong == []
    assert tree.links == {Path(name): Link(says, Path(place), folder=(root / place).is_dir())}


def test_a_chain_stays_a_chain(root: Path) -> None:
    link(root, "current", "inner")
    link(root, "tool", "current/deep/file")
    assert {str(path): each.text for path, each in survey(root).links.items()} == {
        "current": "inner",
        "tool": "current/deep/file",
    }


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("../shared", "is a link to ../shared that leads out of the plugin, to {shared}"),
        ("../shared/file", "is a link to ../shared/file that leads out of the plugin, to {shared}/file"),
        ("{shared}/file", "is a link to {shared}/file that leads out of the plugin"),
        ("..", "is a link to .. that leads out of the plugin, to {above}"),
        ("/", "is a link to / that leads out of the plugin"),
        ("../nowhere", "is a link to ../nowhere that leads out of the plugin, to {above}/nowhere"),
        ("{above}/nowhere/at/all", "is a link to {above}/nowhere/at/all that leads out of the plugin"),
        ("inner/../../shared", "is a link to inner/../../shared that leads out of the plugin, to {shared}"),
        ("out/file", "is a link to out/file that leads out of the plugin, to {shared}/file"),
        ("a", "is a link to a that leads in a circle"),
        ("round", "is a link to round that leads in a circle"),
    ],
)
def test_a_link_that_leads_out_or_in_a_circle_is_told(root: Path, to: str, says: str) -> None:
    words = {"shared": root.parent / "shared", "above": root.parent}
    if to.startswith("out"):
        (root / "out").symlink_to("../shared")
    if to == "round":
        (root / "round").symlink_to("a")
    (root / "a").symlink_to(to.format(**words))
    assert f"a {says.format(**words)}" in wrong(root)
    assert Path("a") not in survey(root).links
    with pytest.raises(PluginError, match=r"^[^\n]+: a is a link [^\n]+; [^\n]+$"):
        tree_of(root)


def test_the_folder_itself_may_be_a_link(root: Path) -> None:
    (root.parent / "by-another-name").symlink_to(root)
    link(root, "a", f"{root.parent}/by-another-name/inner")
    assert survey(root.parent / "by-another-name").links == {Path("a"): Link("inner", Path("inner"), folder=True)}


def test_what_lies_in_folders_that_are_ignored_does_not_matter(root: Path) -> None:
    for folder in (".git", "node_modules", "node_modules/package"):
        link(root, f"{folder}/out", "/etc/passwd")
    os.mkfifo(root / ".git" / "fifo")
    link(root, ".venv", "/usr")
    tree = survey(root)
    assert (tree.wrong, tree.links) == ([], {})
    assert tree.files == [Path("inner/deep/file"), Path("inner/file")]
    assert tree.folders == [Path("inner"), Path("inner/deep")]


def test_what_a_link_leads_to_is_there_also_in_a_folder_that_is_ignored(root: Path) -> None:
    link(root, "a", "node_modules/package")
    (root / "node_modules" / "workspace").symlink_to("../inner")
    link(root, "b", "node_modules/workspace/file")
    tree = survey(root)
    assert tree.wrong == []
    assert Path("node_modules/package/index.js") in tree.files
    assert {Path("node_modules"), Path("node_modules/package")} <= set(tree.folders)
    # the link on the way is not copied
    assert tree.links[Path("b")].text == "inner/file"
    (root / "node_modules" / "package" / "out").symlink_to("/etc")
    assert wrong(root) == ["node_modules/package/out is a link to /etc that leads out of the plugin"]


def test_what_is_no_file_is_told_and_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "inner" / "fifo")
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(root)  # the path of a socket is short
    try:
        server.bind("socket")
    finally:
        os.chdir(before)
        server.close()
    assert wrong(root) == [
        "inner/fifo is a FIFO, which cannot be copied",
        "socket is a socket, which cannot be copied",
    ]
    with pytest.raises(PluginError, match=r"inner/fifo is a FIFO.*\(and 1 more\); remove it, or play a copy"):
        tree_of(root)


def test_what_cannot_be_read_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # permissions hold root back from nothing, so the answers are put into the system's mouth
    may, lists = os.access, os.scandir
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "file" and may(path, mode))

    def scandir(path: Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied")
        return lists(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert wrong(root) == [
        "inner/deep cannot be read: Permission denied",
        "inner/file cannot be read: Permission denied",
    ]
    with pytest.raises(PluginError, match="make it readable"):
        tree_of(root)


@pytest.mark.parametrize(
    ("place", "to", "says"),
    [
        (".claude-plugin", "../x", ".claude-plugin is a link to ../x that leads out of the plugin"),
        (".claude-plugin", "/nowhere", ".claude-plugin is a link to /nowhere that leads out of the plugin"),
        (".claude-plugin", ".claude-plugin", "is a link to .claude-plugin that leads in a circle"),
        (".claude-plugin/plugin.json", "../../x", "plugin.json is a link to ../../x that leads out of the plugin"),
        (".claude-plugin/plugin.json", "/nowhere/at/all", "is a link to /nowhere/at/all that leads out of the plugin"),
        (".claude-plugin/plugin.json", "plugin.json", "is a link to plugin.json that leads in a circle"),
        # stays inside, and there is nothing
        (".claude-plugin/plugin.json", "x", "plugin.json: does not exist"),
    ],
)
def test_a_manifest_that_is_a_wrong_link_is_told_as_one(tmp_path: Path, place: str, to: str, says: str) -> None:
    root = tmp_path / "plugin"
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to(to)
    with pytest.raises(PluginError) as caught:
        resolve_plugin(str(root))
    assert says in str(caught.value)
