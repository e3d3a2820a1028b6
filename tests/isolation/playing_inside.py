"""Has a program done in a case's view, by a process that is isolated as hookproof's inner one is (`isolated.py`)."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ordinary_user import AS_ONE, PATH, python_of_ordinary_user

SECONDS = 60
_PROGRAM = str(Path(__file__).with_name("isolated.py"))


def inside(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    programs: Sequence[str] = (),
    level: str | None = "full",
    env: Mapping[str, str] | None = None,
    ordinary: bool = False,
) -> dict[str, Any]:
    """What came of `argv`: status, out, err, and the isolation's record."""
    plan = {
        "argv": list(argv),
        "folder": None if folder is None else str(folder),
        "programs": list(programs),
        "level": level,
    }
    done = python_with([_PROGRAM, json.dumps(plan)], env=env, ordinary=ordinary)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@functools.cache
def refused() -> str | None:
    """Why this system does not have the first level, or None."""
    if sys.platform != "linux":
        return "namespaces are Linux's"
    found = inside(["true"], level=None)["isolation"]
    return None if found["level"] == "full" else str(found["refused"])


def python_with(
    words: Sequence[str], *, env: Mapping[str, str] | None = None, ordinary: bool = False
) -> subprocess.CompletedProcess[str]:
    """Start Python with `words`, by this user or an `ordinary` one, to its end. It finds this hookproof."""
    python = python_of_ordinary_user() if ordinary else sys.executable
    assert python is not None, "ask python_of_ordinary_user first"
    return subprocess.run(
        [python, *words],
        env={**(os.environ if env is None else env), **PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        cwd="/",
        **(AS_ONE if ordinary else {}),
    )
