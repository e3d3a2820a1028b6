"""Leaves without having read what the host said."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    os._exit(0)
