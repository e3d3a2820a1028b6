"""Removes the whole sandbox at the end of the session."""

from __future__ import annotations

import os
import shutil


def misbehave(_outside: str, _mark: str) -> None:
    root = os.path.realpath(os.environ["HOME"])
    while not os.path.basename(root).startswith("hp-"):
        assert root != os.path.dirname(root), "not in a sandbox"
        root = os.path.dirname(root)
    shutil.rmtree(root, ignore_errors=True)
