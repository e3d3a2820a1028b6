"""Leaves directories that their own user may not write to, as Go's module cache does."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    top = os.path.join(os.environ["TMPDIR"], "mod")
    inner = os.path.join(top, "a", "b")
    os.makedirs(inner)
    with open(os.path.join(inner, "f"), "w", encoding="utf-8"):
        pass
    for folder in (inner, os.path.dirname(inner), top):
        os.chmod(folder, 0o500)
