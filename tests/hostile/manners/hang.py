"""Never ends, in a hook with a timeout of its own."""

from __future__ import annotations

import threading


def misbehave(_outside: str, _mark: str) -> None:
    threading.Event().wait()
