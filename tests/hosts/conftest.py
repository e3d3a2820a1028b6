"""A fake npm first on PATH, and a cache of the test's own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Plan = Callable[..., Path]

CLAUDE = "node_modules/@anthropic-ai/claude-code"
CODEX = "node_modules/@openai/codex"


def javascript(version: str, integrity: str = "sha512-main") -> dict[str, Any]:
    """What npm brings of a Claude Code that is one JavaScript file."""
    return {
        "packages": {CLAUDE: {"version": version, "integrity": integrity}},
        "files": {f"{CLAUDE}/cli.js": "console.log(1)"},
    }


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where hosts are installed: `cache/hosts`."""
    monkeypatch.setenv("HOOKPROOF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hosts"


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Sets what npm does from now on; returns the file of its calls, a JSON line each."""
    folder = tmp_path / "bin"
    folder.mkdir()
    words = [sys.executable, "-I", "-S", str(Path(__file__).with_name("fake_npm.py"))]
    quoted = " ".join(f'"{word}"' for word in words)
    if os.name == "nt":
        (folder / "npm.cmd").write_text(f"@{quoted} %*\r\n", encoding="utf-8")
        (folder / "node.cmd").write_text("@exit 1\r\n", encoding="utf-8")
    else:
        for name, text in (("npm", f'exec {quoted} "$@"'), ("node", "exit 1")):
            (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder) + os.pathsep + os.environ["PATH"])

    def plan(content: dict[str, Any], name: str = "plan") -> Path:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        monkeypatch.setenv("FAKE_NPM", str(file))
        return file.with_suffix(".called")

    return plan
