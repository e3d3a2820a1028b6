"""The queue that the main agent reads: the user's turns, notices of tasks that ended, the end of the input.

One queue per host. The main thread takes from it; the reader of stdin and the threads of background work put into it.
It says when the session is over: the input has ended, nothing waits, and nothing runs that the host would wait for.
"""

from __future__ import annotations

import threading
import time

from .model_client import InterruptedByHostError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .tasks import Task


class UserTurn:
    """Something that the user typed."""

    def __init__(self, text: str) -> None:
        self.text = text


class Notice:
    """The notice of a task's end for the main model."""

    def __init__(self, task: Task, status: str, text: str, announce: Callable[[], None] | None = None) -> None:
        self.task = task
        self.status = status
        self.text = text
        self.announce = announce


class Broken:
    """A line of input that cannot be read; the session ends with it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class MessageQueue:
    """The queue, with a condition that is notified of every change."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._items: list[UserTurn | Notice | Broken] = []
        self._closed_at: float | None = None
        self._broken_off = False

    def put(self, item: UserTurn | Notice | Broken) -> None:
        """Something has come."""
        with self.changed:
            self._items.append(item)
            self.changed.notify_all()

    def is_empty(self) -> bool:
        """Whether nothing waits to be taken."""
        with self.changed:
            return not self._items

    def close(self) -> None:
        """The input has ended."""
        with self.changed:
            self._closed_at = self._closed_at or time.monotonic()
            self.changed.notify_all()

    def break_off(self) -> None:
        """The host is ending: `take` raises from now on."""
        with self.changed:
            self._broken_off = True
            self.changed.notify_all()

    def wake(self) -> None:
        """Something that the session's end depends on has changed."""
        with self.changed:
            self.changed.notify_all()

    def take(
        self, awaited: Callable[[], bool], leftovers: Callable[[], bool], grace: float
    ) -> UserTurn | Notice | Broken | None:
        """The next item; None when the session is over.

        After the end of the input the session goes on while there is `awaited` work, and `grace` seconds longer while
        there are `leftovers`.
        """
        with self.changed:
            while not self._items and not self._broken_off:
                if self._closed_at is None or awaited():
                    self.changed.wait()
                elif leftovers() and (left := self._closed_at + grace - time.monotonic()) > 0:
                    self.changed.wait(left)
                else:
                    return None
            if self._broken_off:
                raise InterruptedByHostError
            first = self._items.pop(0)
            while self._joins(first):
                following = self._items.pop(0)
                assert isinstance(first, UserTurn)
                assert isinstance(following, UserTurn)
                first.text += "\n" + following.text
            return first

    def _joins(self, first: UserTurn | Notice | Broken) -> bool:
        """Whether the next item belongs to the same turn: prompts that queued up are asked as one (measured)."""
        both = [first, *self._items[:1]]
        return len(both) == 2 and all(isinstance(item, UserTurn) and not item.text.startswith("/") for item in both)

    def take_typed(self) -> list[UserTurn]:
        """What the user has typed in the middle of a turn; commands stay."""
        with self.changed:
            typed = [item for item in self._items if isinstance(item, UserTurn) and not item.text.startswith("/")]
            self._items = [item for item in self._items if item not in typed]
            return typed

    def take_notices(self) -> list[Notice]:
        """The notices that have come in the middle of a turn."""
        with self.changed:
            found = [item for item in self._items if isinstance(item, Notice)]
            self._items = [item for item in self._items if not isinstance(item, Notice)]
            return found
