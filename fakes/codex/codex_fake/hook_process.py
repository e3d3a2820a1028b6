"""The one place of the hooks that knows on which platform it runs: how a command starts, is fed, heard and ended."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    from .hook_process_windows import HookProcess, serve
else:
    from .hook_process_posix import HookProcess, serve

__all__ = ["HookProcess", "serve"]
