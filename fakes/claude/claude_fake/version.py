"""`claude --version`, at almost the cost of a bare interpreter: no JSON is parsed for one word.

The version is the first quoted text after the first word `version` in the lifecycle's file. A file where that is not so
is read properly.
"""

from __future__ import annotations

import os
import sys

VARIABLE = "HOOKPROOF_LIFECYCLE"
"""As in `standin.rows`, which is not imported for one word."""


def show() -> int:
    """Print the version."""
    source = os.environ.get(VARIABLE, "")
    version = _glance(source) or _read(source)
    if version is None:
        return 1
    sys.stdout.write(f"{version} (Claude Code)\n")
    return 0


def _glance(source: str) -> str | None:
    try:
        with open(source, encoding="utf-8") as file:
            text = file.read()
    except (OSError, ValueError):
        return None
    for mark in ('"version": "', '"version":"'):
        _, found, rest = text.partition(mark)
        if found:
            return rest.partition('"')[0]
    return None


def _read(source: str) -> str | None:
    from .lifecycle import LifecycleError, read  # noqa: PLC0415 - only where a glance did not do

    try:
        return str(read(source)["version"])
    except LifecycleError as error:
        sys.stderr.write(f"{error}\n")
        return None
