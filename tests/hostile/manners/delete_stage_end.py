"""Removes the whole sandbox at the end of the session."""

from __future__ import annotations

import os
import shutil


def misbehave(_outside: str, _mark: str) -> None:
    root = os.path.dirname(os.path.realpath(os.environ["HOME"]))
    assert os.path.basename(root).startswith("hp-"), root
    shutil.rmtree(root, ignore_errors=True)
