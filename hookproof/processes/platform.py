"""Chooses the platform: the only place that asks which system this is."""

from __future__ import annotations

import sys

from hookproof.processes.base import Platform


def choose() -> Platform:
    """The best that this system offers. Linux without pidfds (before 5.4, or forbidden) is served like any other."""
    if sys.platform == "win32":
        from hookproof.processes import windows  # noqa: PLC0415 - cannot be imported elsewhere

        return windows
    else:  # noqa: RET505 - mypy reads branches of this shape for the right system alone
        if sys.platform == "linux":
            from hookproof.processes import linux  # noqa: PLC0415

            if linux.usable():
                return linux
        from hookproof.processes import portable  # noqa: PLC0415 - psutil takes 20 ms to import

        return portable


native: Platform = choose()
