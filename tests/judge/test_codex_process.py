"""A Codex at work is known by its command line, whichever way it was started; a word `exec` alone is none."""

from __future__ import annotations

import pytest

from hookproof.codex_process import is_codex


@pytest.mark.parametrize(
    "argv",
    [
        ["codex", "app-server"],
        ["/opt/bin/codex", "exec", "--json", "do it"],
        ["codex", "e", "do it"],
        ["python3", "-I", "-S", "/fakes/codex/codex.py", "exec", "do it"],
        ["node", "/lib/codex.js", "-c", "model=x", "--enable", "y", "exec", "do it"],
        ["C:\\npm\\Codex.exe", "exec", "do it"],
    ],
)
def test_these_are(argv: list[str]) -> None:
    assert is_codex(argv)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["codex", "--version"],
        ["sh", "-c", "codex exec 'do it'"],
        ["docker", "exec", "box", "codex-companion"],
        ["node", "codex-companion.mjs", "exec"],
        ["codex", "resume", *(["-c", "x"] * 4), "exec"],
    ],
)
def test_these_are_not(argv: list[str]) -> None:
    assert not is_codex(argv)
