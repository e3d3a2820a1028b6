"""Why Linux refuses namespaces, in words that say what would help. Called by whoever tries to enter one."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import errno
import os
from pathlib import Path

_LIMITS = tuple(f"user.max_{kind}_namespaces" for kind in ("user", "net", "mnt", "ipc", "pid"))
PROC, VIEW = "mounting /proc", "making the view of files"
"""Steps with reasons of their own."""


class NamespaceError(Exception):
    """The namespaces are refused, or are not as tight as they must be. One sentence."""


def refusal(error: OSError, step: str, *, settings: Path = Path("/proc/sys"), root: bool | None = None) -> str:
    """Why the system refuses namespaces: the setting that does it, as far as it can be told."""
    root = os.geteuid() == 0 if root is None else root
    what = f"the system refuses namespaces of its own ({step}: {error.strerror})"
    return f"{what}: {_of_the_step(error, step) or _of_a_setting(settings, root=root) or _of_the_error(error)}"


def _of_the_step(error: OSError, step: str) -> str | None:
    if step == PROC and error.errno == errno.EPERM:
        return "parts of /proc are covered, as in a container, and so none of its own is allowed"
    if step == VIEW and error.errno == errno.ENOSYS:
        return "the view of files needs Linux 5.12"
    return None


def _of_a_setting(settings: Path, *, root: bool) -> str | None:
    for name in _LIMITS:
        if _setting(settings, name) == "0":
            return f"{name} is 0 (sysctl {name}=1000 allows it)"
    if not root and _setting(settings, "kernel.unprivileged_userns_clone") == "0":
        return "kernel.unprivileged_userns_clone is 0 (sysctl kernel.unprivileged_userns_clone=1 allows it)"
    if not root and _setting(settings, "kernel.apparmor_restrict_unprivileged_userns") == "1":
        name = "kernel.apparmor_restrict_unprivileged_userns"
        return f"{name} is 1 (sysctl {name}=0, or an AppArmor profile with userns, allows it)"
    return None


def _of_the_error(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"a limit is reached, one of {', '.join(_LIMITS)}"
    if error.errno in (errno.EINVAL, errno.ENOSYS):
        return "this kernel has no user or no network namespaces, or none for processes or shared memory"
    return "the seccomp or AppArmor profile of a container forbids it, as Docker's does by default, or a chroot"


def _setting(settings: Path, name: str) -> str | None:
    try:
        return settings.joinpath(*name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return None
