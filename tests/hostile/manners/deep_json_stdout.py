"""Answers the host with JSON that is nested two hundred thousand deep."""

from __future__ import annotations

import os


def misbehave(_outside: str, _mark: str) -> None:
    print("[" * 200000 + "]" * 200000, flush=True)
    os._exit(0)
