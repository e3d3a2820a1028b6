"""Somebody without any right, as whom root's tests can start programs; who is no root is one already."""

from __future__ import annotations

import contextlib
import functools
import os
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

NUMBER = 12345
"""A user whom nobody knows, as containers have them."""
AS_ONE: dict[str, Any] = {"user": NUMBER, "group": NUMBER, "extra_groups": []}
"""What `subprocess` starts a program with, as root."""
_FOUND = [str(Path(__file__).resolve().parents[1]), *site.getsitepackages()]
PATH = {"PYTHONPATH": os.pathsep.join([*_FOUND, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)}
"""By which any Python of this version finds hookproof."""


@functools.cache
def python_of_ordinary_user() -> str | None:
    """A Python that such a user can start; None where a test cannot be somebody else, or finds none.

    Root's own Python is often closed to others.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    for python in (sys.executable, "/usr/bin/python3"):
        command = [python, "-c", "import hookproof.cli, pydantic_core"]
        with contextlib.suppress(OSError):
            done = subprocess.run(
                command, env={**os.environ, **PATH}, capture_output=True, check=False, cwd="/", **AS_ONE
            )
            if done.returncode == 0:
                return python
    return None


def give(*paths: Path) -> None:
    """These are that user's own, with all that is below them."""
    if sys.platform != "win32":
        for path in (each for top in paths for each in (top, *top.rglob("*"))):
            os.chown(path, NUMBER, NUMBER, follow_symlinks=False)
