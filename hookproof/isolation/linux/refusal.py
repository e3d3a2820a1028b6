"""Why Linux refuses namespaces, in words that say what would help. Called by whoever tries to enter one."""

# ruff: noqa: E402 - past the assertion mypy reads this file for Linux alone
from __future__ import annotations

import sys

assert sys.platform == "linux"

import errno
import os
from pathlib import Path

_LIMITS = tuple(f"user.max_{kind}_namespaces" for kind in ("user", "net", "mnt", "ipc", "pid"))


class NamespaceError(Exception):
    """The namespaces are refused, or are not as tight as they must be. One sentence."""


def refusal(error: OSError, step: str, *, settings: Path = Path("/proc/sys"), root: bool | None = None) -> str:
    """Why the system refuses namespaces: the setting that does it, as far as it can be told."""
    root = os.geteuid() == 0 if root is None else root
    what = f"the system refuses namespaces of its own ({step}: {error.strerror})"
    for name in _LIMITS:
        if _setting(settings, name) == "0":
            return f"{what}: {name} is 0 (sysctl {name}=1000 allows it)"
    if not root and _setting(settings, "kernel.unprivileged_userns_clone") == "0":
        return f"{what}: kernel.unprivileged_userns_clone is 0 (sysctl kernel.unprivileged_userns_clone=1 allows it)"
    if not root and _setting(settings, "kernel.apparmor_restrict_unprivileged_userns") == "1":
        name = "kernel.apparmor_restrict_unprivileged_userns"
        return f"{what}: {name} is 1 (sysctl {name}=0, or an AppArmor profile with userns, allows it)"
    known = {
        errno.ENOSPC: f"limits are reached, one of {', '.join(_LIMITS)}",
        errno.ENOSYS: "this kernel is too old, 5.12 or newer is needed",
        errno.EINVAL: "this kernel has no user or no network namespaces",
    }
    container = "the seccomp or AppArmor profile of a container forbids it, as Docker's does by default, or a chroot"
    return f"{what}: {known.get(error.errno or 0, container)}"


def _setting(settings: Path, name: str) -> str | None:
    try:
        return settings.joinpath(*name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return None
