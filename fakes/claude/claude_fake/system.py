"""The one place that knows on which platform the host runs."""

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
