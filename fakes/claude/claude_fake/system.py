"""The platform's process classes; every other module imports them from here, not from `posix` or `windows`."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from .windows import (
        READER_CAN_BE_FREED,
        Child,
        HookProcess,
        ShellProcess,
        Victims,
        readable,
        temporary_directory,
    )
else:
    from .posix import READER_CAN_BE_FREED, Child, HookProcess, ShellProcess, readable, temporary_directory
    from .posix_tree import Victims

__all__ = [
    "READER_CAN_BE_FREED",
    "Child",
    "HookProcess",
    "ShellProcess",
    "Victims",
    "readable",
    "temporary_directory",
]
