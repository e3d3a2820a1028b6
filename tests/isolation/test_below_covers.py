"""A user who has everything below folders that are covered: the plugin, Claude Code, Node, Python, caches."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hookproof import places
from hookproof.catalogue.lifecycle import resolve_lifecycle

NODE = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
test "$(cat "$here/../lib/data")" = there && exec python3 "$@"
"""
"""Starts a program in a language of its own, with what lies beside its folder."""
CLAUDE = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
HOOKPROOF_LIFECYCLE=$here/lifecycle.json exec {python} -I -S {fake} "$@"
"""

pytestmark = pytest.mark.usefixtures("namespaces")


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def plugin_by(runner: str, home: Path) -> tuple[Path, Path]:
    """The reference, started by a program that it needs, and a descriptor that says so."""
    copy = home / ".claude" / "plugins" / "x"
    shutil.copytree(places.REFERENCE / "companion", copy)
    for file in (*copy.rglob("*.json"), *copy.rglob("*.md")):
        file.write_text(file.read_text(encoding="utf-8").replace("python3 ", f"{runner} "), encoding="utf-8")
    text = (places.DESCRIPTORS / "reference.toml").read_text(encoding="utf-8").replace("python3 ", f"{runner} ")
    descriptor = home / ".config" / "descriptor.toml"
    needs = f'[needs]\n{runner} = "install it"\n\n[commands]\n'
    descriptor.write_text(text.replace("[commands]\n", needs), encoding="utf-8")
    return copy, descriptor


@pytest.mark.parametrize("host", ["a stand-in", "Claude Code"])
def test_a_run_of_what_is_below_covers(host: str, place: Path) -> None:
    home = place / "home"
    node = program(home / ".config" / "nvm" / "versions" / "node" / "v20" / "bin" / "a-node", NODE)
    (node.parent.parent / "lib").mkdir()
    (node.parent.parent / "lib" / "data").write_text("there", encoding="utf-8")
    plugin, descriptor = plugin_by(node.name, home)
    modules = home / ".claude" / "local" / "node_modules" / "@anthropic-ai" / "claude-code"
    fake = places.FAKES / "claude" / "claude.py"
    program(modules / "start", CLAUDE.format(python=sys.executable, fake=fake))
    (modules / "lifecycle.json").write_text(resolve_lifecycle("claude-2.1.91").model_dump_json(), encoding="utf-8")
    claude = home / ".claude" / "local" / "claude"
    claude.symlink_to("node_modules/@anthropic-ai/claude-code/start")
    (home / ".config" / "t").mkdir()
    words = ["jobs/pattern-a", "--plugin", str(plugin), "--descriptor", str(descriptor), "--replays", "0"]
    words += ["--claude", str(claude)] if host == "Claude Code" else []
    done = subprocess.run(
        [sys.executable, "-m", "hookproof", "run", *words],
        env={
            "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "TMPDIR": str(home / ".config" / "t"),
            "XDG_CACHE_HOME": str(home / ".config" / "cache"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    (journal,) = (home / ".config" / "cache" / "hookproof" / "runs").glob("2*/*/journal.jsonl")
    header = json.loads(journal.read_text(encoding="utf-8").partition("\n")[0])
    assert header["isolation"]["level"] == "full", header["isolation"]
    assert list((home / ".config" / "t").iterdir()) == []


def test_hookproof_itself_may_be_installed_below_a_cover(place: Path) -> None:
    home = place / "home"
    folder = home / ".config" / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    done = subprocess.run(
        [folder / "bin" / "python", "-m", "hookproof", "run", "jobs/pattern-a", "--isolation", "full"],
        env={
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "HOOKPROOF_CACHE": str(place / "cache"),
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "1 conform" in done.stdout
