"""Miniatures of wrong plugins: the reference companion with a small change, described as somebody else's plugin."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hookproof import places
from hookproof.catalogue.plugin import resolve_plugin

DESCRIPTOR = places.DESCRIPTORS / "reference.toml"
FOREIGN = ("[policies", "[switches]", "policy_file", "refuses")
"""What a descriptor of somebody else's plugin has not."""
_MAIN = "    sys.exit(main(sys.argv[1:]))\n"


def copied(folder: Path) -> Path:
    """The reference as it is, at a place where it can be changed."""
    plugin = folder / "plugin"
    shutil.copytree(resolve_plugin("reference").root, plugin)
    return plugin


def with_command(folder: Path, command: str, lines: str) -> Path:
    """The reference, whose `command` runs these lines first; it goes on as ever after them, if they let it."""
    plugin = copied(folder)
    change(plugin / "scripts" / "companion.py", _MAIN, _branch(command, lines) + _MAIN)
    return plugin


def with_task(folder: Path, lines: str) -> Path:
    """The same for `task`, by which the plugin launches."""
    return with_command(folder, "task", lines)


def _branch(command: str, lines: str) -> str:
    return f"    if sys.argv[1] == {command!r}:\n" + "".join(f"        {line}\n" for line in lines.splitlines())


def change(path: Path, before: str, after: str) -> None:
    """Replace what stands in a file once. That it is there no longer is a mistake of the test."""
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{path}: {before!r} stands {text.count(before)} times in it"
    path.write_text(text.replace(before, after), encoding="utf-8")


def descriptor(folder: Path, before: str = "", after: str = "") -> Path:
    """The reference's descriptor as somebody else's, with one thing changed."""
    kept, dropped = [], False
    for line in DESCRIPTOR.read_text(encoding="utf-8").splitlines():
        dropped = line.startswith(FOREIGN) or (dropped and not line.startswith("["))
        if not line.startswith(FOREIGN) and not dropped:
            kept.append(line)
    text = "\n".join(kept)
    assert before in text
    path = folder / "descriptor.toml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


def played(plugin: Path, folder: Path, *words: str) -> tuple[int, str, dict[str, Any]]:
    """Exit status, what was said, and the JSON of `hookproof run` with these words."""
    done = subprocess.run(
        [sys.executable, "-m", "hookproof", "run", "--plugin", str(plugin), "--json", "out.json", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "HOOKPROOF_CACHE": str(folder / "cache")},
        timeout=600,
        check=False,
    )
    document: dict[str, Any] = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return done.returncode, done.stdout + done.stderr, document


def verdicts(document: dict[str, Any]) -> dict[str, set[str]]:
    """Verdict -> the requirements that have it somewhere."""
    found: dict[str, set[str]] = {}
    for result in document["results"]:
        for check in result["checks"]:
            found.setdefault(check["verdict"], set()).add(check["id"])
    return found
