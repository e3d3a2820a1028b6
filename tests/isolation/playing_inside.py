"""Has a program done in a case's view, by a process that is isolated as hookproof's inner one is.

As a program (`python playing_inside.py PLAN`) it is that process; a test calls `inside`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import site
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SECONDS = 60
ORDINARY = 12345
"""A user whom nobody knows, as containers have them."""
_OTHER_USER: dict[str, Any] = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []}
_FOUND = [str(Path(__file__).resolve().parents[2]), *site.getsitepackages()]
_PATH = {"PYTHONPATH": os.pathsep.join([*_FOUND, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)}


def inside(
    argv: Sequence[str],
    *,
    folder: Path | None = None,
    programs: Sequence[str] = (),
    level: str | None = "full",
    env: Mapping[str, str] | None = None,
    ordinary: bool = False,
    before: str = "",
) -> dict[str, Any]:
    """What came of `argv`: status, out, err, and the isolation's record. `before` is done first, in the open."""
    plan = {
        "argv": list(argv),
        "folder": None if folder is None else str(folder),
        "programs": list(programs),
        "level": level,
        "before": before,
    }
    done = python_with([__file__, json.dumps(plan)], env=env, ordinary=ordinary)
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
    words: Sequence[str], *, env: Mapping[str, str] | None = None, ordinary: bool = False, before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Start Python with `words`, by this user or an `ordinary` one, to its end. `before` are words before the command.

    It finds this hookproof.
    """
    python = python_of_ordinary_user() if ordinary else sys.executable
    assert python is not None, "ask python_of_ordinary_user first"
    return subprocess.run(
        [*before, python, *words],
        env={**(os.environ if env is None else env), **_PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
        cwd="/",
        **(_OTHER_USER if ordinary else {}),
    )


@functools.cache
def python_of_ordinary_user() -> str | None:
    """A Python that somebody without any right can start; None where a test cannot be somebody else, or finds none.

    Root's own Python is often closed to others.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    for python in (sys.executable, "/usr/bin/python3"):
        command = [python, "-c", "import hookproof.cli, pydantic_core"]
        with contextlib.suppress(OSError):
            done = subprocess.run(
                command, env={**os.environ, **_PATH}, capture_output=True, check=False, cwd="/", **_OTHER_USER
            )
            if done.returncode == 0:
                return python
    return None


def _main(plan: dict[str, Any]) -> int:
    from hookproof.isolation import entry

    exec(plan["before"])  # noqa: S102 - the test's own
    serve = entry.begin(plan["level"])
    if serve is not None:
        return serve()
    view = entry.current_view()
    argv = plan["argv"]
    if view is None:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    else:
        starter = view.starter(plan["folder"], plan["programs"])
        done = starter.call(lambda: subprocess.run(argv, capture_output=True, text=True, check=False))
        starter.close()
    said = {"status": done.returncode, "out": done.stdout, "err": done.stderr}
    found = entry.current()
    told = {"level": found.level, "network": found.network, "proof": list(found.proof), "refused": found.refused}
    print(json.dumps(said | {"isolation": told}))
    return 0


if __name__ == "__main__":
    raise SystemExit(_main(json.loads(sys.argv[1])))
