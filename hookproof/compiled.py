"""The stand-ins and the reference plugins, compiled before they are played. Called by whoever plays.

Python compiles what is imported and keeps that beside it, so that the next start is faster. In a run's view of the
machine's files nothing can be kept there, and each start of a fresh checkout would compile everything again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from hookproof import places


def compile_programs() -> None:
    """Compile what is not compiled yet, or has changed since. What cannot be kept is left as it is."""
    if sys.dont_write_bytecode:
        return
    for source in _stale():
        import py_compile  # noqa: PLC0415 - the first time alone

        try:
            py_compile.compile(source, doraise=True)
        except (OSError, py_compile.PyCompileError):
            continue  # an installation that cannot be written; a program of somebody who is at work on it


def _stale() -> Iterator[str]:
    """Compares the times of files, as Python itself does when it decides whether to compile."""
    from importlib.util import cache_from_source  # noqa: PLC0415 - only for what plays

    for programs in (places.FAKES, places.REFERENCE):
        for folder, _, names in os.walk(programs):
            for name in names:
                if name.endswith(".py"):
                    source = f"{folder}/{name}"
                    if _changed(cache_from_source(source)) < _changed(source):
                        yield source


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116 - for some seventy files
    except OSError:
        return 0.0
