"""Never ends, at the end of the session."""

from __future__ import annotations

import threading


def misbehave(_outside: str, _mark: str) -> None:
    threading.Event().wait()
