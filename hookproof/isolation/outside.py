"""What is done outside of the isolation, by the process that the user started: downloads, and clearing away.

`call` has a function done there and returns what it returns. Where there is no isolation, here is outside. The two
processes run the same code and trust each other; nothing that a run starts has a hand on what is between them.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import ParamSpec, TypeVar

from hookproof.errors import HookproofError, describe

P = ParamSpec("P")
T = TypeVar("T")

_lock = threading.Lock()
_outside: Connection | None = None


def begin(connection: int) -> None:
    """This is the inner process, and the other end of this socket is the outer one's."""
    global _outside  # noqa: PLW0603 - where outside is holds for the whole process
    _outside = Connection(connection)


def is_here() -> bool:
    """Whether this process itself is outside."""
    return _outside is None


def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Have a function done outside, which is known there by its name. Raises what it raises."""
    if _outside is None:
        return function(*args, **kwargs)
    with _lock:
        _outside.send_bytes(pickle.dumps((function, args, kwargs)))
        raised, value = _outside.recv()
    if raised:
        raise value
    result: T = value
    return result


def answer(connection: Connection) -> bool:
    """Do what one call asks for, in the outer process. False when nobody calls any more. Raises KeyboardInterrupt."""
    try:
        function, args, kwargs = connection.recv()
    except (EOFError, ConnectionError):
        return False
    try:
        answered = (False, function(*args, **kwargs))
    except Exception as error:
        answered = (True, _sendable(error))
    connection.send(answered)
    return True


def _sendable(error: Exception) -> Exception:
    try:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    except Exception:
        return HookproofError(str(error)) if isinstance(error, HookproofError) else RuntimeError(describe(error))
    return again if isinstance(again, Exception) else error
