"""Where the program lies in what npm installed, on every platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.host import HostName
from hookproof.hosts.install import packages
from hookproof.hosts.install.packages import LayoutError
from hookproof.hosts.registry import HOSTS

from .conftest import CLAUDE, CODEX

LINUX, MUSL_LINUX, WINDOWS, MAC = ("linux", "x64"), ("musl", "x64"), ("win32", "x64"), ("darwin", "arm64")


@pytest.mark.parametrize(
    ("host", "here", "files", "expected", "needs"),
    [
        ("claude", LINUX, [f"{CLAUDE}/cli.js"], f"{CLAUDE}/cli.js", "node"),
        (
            "claude",
            LINUX,
            [f"{CLAUDE}/bin/claude.exe", f"{CLAUDE}-linux-x64/claude"],
            f"{CLAUDE}-linux-x64/claude",
            None,
        ),
        ("claude", LINUX, [f"{CLAUDE}/cli.js", f"{CLAUDE}-linux-x64/claude"], f"{CLAUDE}-linux-x64/claude", None),
        ("claude", WINDOWS, [f"{CLAUDE}-win32-x64/claude.exe"], f"{CLAUDE}-win32-x64/claude.exe", None),
        (
            "claude",
            LINUX,
            [f"{CLAUDE}-linux-x64-musl/claude", f"{CLAUDE}-linux-x64/claude"],
            f"{CLAUDE}-linux-x64/claude",
            None,
        ),
        (
            "claude",
            MUSL_LINUX,
            [f"{CLAUDE}-linux-x64/claude", f"{CLAUDE}-linux-x64-musl/claude"],
            f"{CLAUDE}-linux-x64-musl/claude",
            None,
        ),
        ("claude", LINUX, [f"{CLAUDE}/bin/claude.exe"], None, None),
        ("codex", LINUX, ["{c}-linux-x64/vendor/x86_64-unknown-linux-musl/codex/codex"], "", None),
        ("codex", LINUX, ["{c}-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex"], "", None),
        ("codex", WINDOWS, ["{c}-win32-x64/vendor/x86_64-pc-windows-msvc/bin/codex.exe"], "", None),
        ("codex", MAC, ["{c}-darwin-arm64/vendor/aarch64-apple-darwin/bin/codex"], "", None),
        # all platforms in one package, as before there were optional ones
        (
            "codex",
            MAC,
            ["{c}/vendor/aarch64-apple-darwin/codex/codex", "{c}/vendor/x86_64-apple-darwin/codex/codex"],
            "",
            None,
        ),
        ("codex", ("freebsd", "x64"), ["{c}/bin/codex.js"], None, None),
    ],
)
def test_the_program_is_found_where_it_lies(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    host: HostName,
    here: tuple[str, str],
    files: list[str],
    expected: str | None,
    needs: str | None,
) -> None:
    monkeypatch.setattr(packages, "_here", lambda: ("linux", here[1]) if here is MUSL_LINUX else here)
    monkeypatch.setattr(packages, "_musl", lambda: here is MUSL_LINUX)
    files = [file.replace("{c}", CODEX) for file in files]
    installed: dict[str, Any] = {}
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x")
        package = "/".join(file.split("/")[:3])
        installed[package] = {"integrity": f"of {package}"}
    if expected is None:
        with pytest.raises(LayoutError, match=f"9.9.9 has no program for this platform \\({here[0]}-{here[1]}\\)"):
            packages.find(host, "9.9.9", tmp_path, installed)
        return
    found = packages.find(host, "9.9.9", tmp_path, installed)
    assert (found.program, found.needs) == (expected or files[0], needs)
    assert found.integrity == f"of {'/'.join(found.program.split('/')[:3])}"


@pytest.mark.parametrize(
    ("musl", "there", "expected"),
    [
        (False, [], f"{HOSTS['claude'].package}-linux-x64@9.9.9"),
        (True, [], f"{HOSTS['claude'].package}-linux-x64-musl@9.9.9"),
        (False, ["-linux-x64"], None),
    ],
)
def test_a_package_that_was_left_out_is_noticed(
    monkeypatch: pytest.MonkeyPatch, musl: bool, there: list[str], expected: str | None
) -> None:
    monkeypatch.setattr(packages, "_here", lambda: LINUX)
    monkeypatch.setattr(packages, "_musl", lambda: musl)
    options = {f"{HOSTS['claude'].package}{name}": "9.9.9" for name in ("-linux-x64", "-linux-x64-musl")}
    installed: dict[str, Any] = {CLAUDE: {"optionalDependencies": options}, **{f"{CLAUDE}{name}": {} for name in there}}
    assert packages.left_out("claude", installed) == expected


def test_a_version_that_is_for_all_platforms_leaves_nothing_out() -> None:
    assert packages.left_out("claude", {CLAUDE: {"optionalDependencies": {"@img/sharp-linux-x64": "1"}}}) is None
    assert packages.left_out("claude", {CLAUDE: {}}) is None


def test_a_program_without_an_integrity_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "_here", lambda: LINUX)
    (tmp_path / CLAUDE).mkdir(parents=True)
    (tmp_path / CLAUDE / "cli.js").write_text("x")
    with pytest.raises(LayoutError, match="did not write down the integrity of @anthropic-ai/claude-code"):
        packages.find("claude", "9.9.9", tmp_path, {CLAUDE: {}})
