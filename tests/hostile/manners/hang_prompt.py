"""Never ends, before the user's prompt reaches the model."""

from __future__ import annotations

import threading


def misbehave(_outside: str, _mark: str) -> None:
    threading.Event().wait()
