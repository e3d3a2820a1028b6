"""The names of systems and signals in results: the platform, whether it is Wine, SIGTERM for 15."""

from __future__ import annotations

import platform
import signal
import sys

_SERVER = 3  # VER_NT_SERVER
_ON_LINUX = {1: "SIGHUP", 2: "SIGINT", 9: "SIGKILL", 13: "SIGPIPE", 15: "SIGTERM"}


def signal_name(number: int) -> str:
    """By its name on Linux, which a journal from there keeps when it is judged on Windows, where most have none."""
    try:
        return _ON_LINUX.get(number) or signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def wine() -> str | None:
    """The version of Wine that plays Windows here, or None."""
    if sys.platform != "win32":
        return None
    import ctypes  # noqa: PLC0415 - needed on Windows alone

    ask = getattr(ctypes.WinDLL("ntdll"), "wine_get_version", None)
    if ask is None:
        return None
    ask.restype = ctypes.c_char_p
    return str(ask().decode("ascii", "replace"))


def system() -> str:
    """As `platform.platform()` has it; a result from Wine says that it is none from Windows."""
    if sys.platform != "win32":
        return platform.platform()
    version = wine()
    if version is not None:
        return f"wine-{version}, not Windows"
    # not asked of `platform`: that asks WMI, which is slow, and may never answer two threads at once
    here = sys.getwindowsversion()
    return f"Windows-{'Server-' if here.product_type == _SERVER else ''}{here.major}.{here.minor}.{here.build}"
