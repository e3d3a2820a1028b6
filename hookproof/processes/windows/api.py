"""The calls of kernel32 and ntdll that are needed, with Python's errors.

Facts: Microsoft's reference of processthreadsapi.h, jobapi2.h, synchapi.h and threadpoollegacyapiset.h.
NtResumeProcess is not documented there; psutil and debuggers resume with it.
"""

# ruff: noqa: E402 - past the assertion mypy reads this file for Windows alone
from __future__ import annotations

import sys

assert sys.platform == "win32"

import ctypes
from ctypes import wintypes

PROCESS_TERMINATE = 0x0001
PROCESS_SET_QUOTA = 0x0100
PROCESS_SUSPEND_RESUME = 0x0800
PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
SYNCHRONIZE = 0x00100000

CREATE_SUSPENDED = 0x00000004

ERROR_ACCESS_DENIED = 5
ERROR_INVALID_PARAMETER = 87

_WAIT_OBJECT_0 = 0
_INFINITE = 0xFFFFFFFF
_WT_EXECUTEONLYONCE = 0x00000008
_INVALID_HANDLE = ctypes.c_void_p(-1).value

_EPOCH = 116_444_736_000_000_000  # 1970 in units of 100 ns since 1601

ON_SIGNALLED = ctypes.WINFUNCTYPE(None, ctypes.c_void_p, wintypes.BOOLEAN)

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_ntdll = ctypes.WinDLL("ntdll")

_FILETIME = ctypes.POINTER(wintypes.FILETIME)
_kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.GetCurrentProcess.restype = wintypes.HANDLE
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel32.GetProcessTimes.argtypes = (wintypes.HANDLE, _FILETIME, _FILETIME, _FILETIME, _FILETIME)
_kernel32.GetExitCodeProcess.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
_kernel32.TerminateProcess.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel32.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
_kernel32.WaitForSingleObject.restype = wintypes.DWORD
_kernel32.RegisterWaitForSingleObject.argtypes = (
    ctypes.POINTER(wintypes.HANDLE),
    wintypes.HANDLE,
    ON_SIGNALLED,
    ctypes.c_void_p,
    wintypes.DWORD,
    wintypes.DWORD,
)
_kernel32.UnregisterWaitEx.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
_kernel32.CreateJobObjectW.argtypes = (ctypes.c_void_p, wintypes.LPCWSTR)
_kernel32.CreateJobObjectW.restype = wintypes.HANDLE
_kernel32.SetInformationJobObject.argtypes = (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD)
_kernel32.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
_kernel32.TerminateJobObject.argtypes = (wintypes.HANDLE, wintypes.UINT)
_ntdll.NtResumeProcess.argtypes = (wintypes.HANDLE,)


def open_process(pid: int, access: int) -> int:
    """A handle of whoever has `pid`. Raises OSError with `winerror` (no such process: ERROR_INVALID_PARAMETER)."""
    handle = _kernel32.OpenProcess(access, False, pid)
    if not handle:
        raise ctypes.WinError(ctypes.get_last_error())
    return int(handle)


def close(handle: int) -> None:
    """Close a handle of any kind."""
    _kernel32.CloseHandle(handle)


def times(handle: int) -> tuple[int, float]:
    """When a process began (100 ns since 1601), and its user and kernel time together in seconds."""
    created, ended, kernel, user = (wintypes.FILETIME() for _ in range(4))
    _check(_kernel32.GetProcessTimes(handle, created, ended, kernel, user))
    return _number(created), (_number(kernel) + _number(user)) / 1e7


def epoch_seconds(filetime: int) -> float:
    """100 ns since 1601 as seconds since 1970."""
    return (filetime - _EPOCH) / 1e7


def wait(handle: int, seconds: float) -> bool:
    """Block until a process has ended, at most `seconds`. Whether it has."""
    milliseconds = min(int(seconds * 1000) + 1, _INFINITE - 1) if seconds > 0 else 0
    return bool(_kernel32.WaitForSingleObject(handle, milliseconds) == _WAIT_OBJECT_0)


def exit_code(handle: int) -> int:
    """The exit code of an ended process."""
    code = wintypes.DWORD()
    _check(_kernel32.GetExitCodeProcess(handle, code))
    return code.value


def terminate(handle: int, code: int) -> None:
    """End a process. Raises PermissionError when it may not be, or is ending already."""
    _check(_kernel32.TerminateProcess(handle, code))


def resume(handle: int) -> None:
    """Let a process go that was started suspended."""
    status = _ntdll.NtResumeProcess(handle)
    if status < 0:
        raise OSError(f"NtResumeProcess failed with status {status & 0xFFFFFFFF:#x}")


def call_when_ended(handle: int, callback: object, key: int) -> int:
    """Have `callback` (an ON_SIGNALLED) called once with `key`, in a thread of the system's. Returns what to cancel."""
    registered = wintypes.HANDLE()
    _check(_kernel32.RegisterWaitForSingleObject(registered, handle, callback, key, _INFINITE, _WT_EXECUTEONLYONCE))
    assert registered.value is not None
    return registered.value


def cancel_call(registered: int) -> None:
    """No call after this returns; one that is under way is waited for."""
    _kernel32.UnregisterWaitEx(registered, _INVALID_HANDLE)


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


_EXTENDED_LIMITS = 9
JOB_BREAKAWAY_OK = 0x0800
JOB_KILL_ON_CLOSE = 0x2000


def create_job(flags: int) -> int:
    """A job object with these limits."""
    job = _kernel32.CreateJobObjectW(None, None)
    if not job:
        raise ctypes.WinError(ctypes.get_last_error())
    limits = _ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = flags
    try:
        _check(_kernel32.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)))
    except OSError:
        close(job)
        raise
    return int(job)


def assign(job: int, process: int) -> None:
    """Put a process into a job. Raises PermissionError when it is in one that cannot be nested."""
    _check(_kernel32.AssignProcessToJobObject(job, process))


def this_process() -> int:
    """A handle of this process that need not be closed."""
    return int(_kernel32.GetCurrentProcess())


def terminate_job(job: int, code: int) -> None:
    """End every process of a job."""
    _check(_kernel32.TerminateJobObject(job, code))


def _check(succeeded: int) -> None:
    if not succeeded:
        raise ctypes.WinError(ctypes.get_last_error())


def _number(time: wintypes.FILETIME) -> int:
    return int(time.dwHighDateTime) << 32 | int(time.dwLowDateTime)
