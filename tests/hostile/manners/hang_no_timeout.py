"""Never ends, in a hook whose file declares no timeout: the host would wait for minutes."""

from __future__ import annotations

import threading


def misbehave(_outside: str, _mark: str) -> None:
    threading.Event().wait()
