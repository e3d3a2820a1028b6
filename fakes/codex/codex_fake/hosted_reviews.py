"""A review in a host: the reviewer is a thread with an identity, a file and hooks of its own."""

from __future__ import annotations

from . import hosted_threads, notices
from .hosted_turns import HostTurn
from .reviews import Review
from .rollout import path_of
from .transcript_overrides import HostRollout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .hosted_turns import HostSurroundings
    from .identity import HostThread
    from .rollout import Rollout

    Json = dict[str, Any]

NAME = "review"
"""A reviewer's prompt is Codex's own and bears no marker: this is its name where a run forges transcripts."""


class HostReview(HostTurn, Review):
    """One review in one thread."""

    def __init__(self, around: HostSurroundings, thread: HostThread, target: Any) -> None:
        self.host = around.host
        Review.__init__(self, around, thread, target)
        who = self.host.identity(self._reviewer, "review", thread.cwd, thread)
        who.source = {"subagent": "review"}
        self._at_home(around, who)
        if isinstance(self._rollout, HostRollout):
            self._rollout.override = self.host.transcript_overrides.of(NAME)
            line = hosted_threads.first_line(self.host, who, self._began, thread.cwd, around.originator)
            self._rollout.metas[:] = [line]

    def _file(self, ms: int) -> Rollout:
        return HostRollout(path_of(self._reviewer, ms), [{}], ordinals=self.host.lifecycle["rollout_ordinals"])

    def transcript(self) -> str | None:
        """The reviewer's file."""
        return self._rollout.path if self._rollout is not None else None

    def _close(self, state: str) -> None:
        before = len(self.thread.items)
        super()._close(state)
        # who takes the thread up again must know what the review has said
        self.thread.keep(*[("response_item", item) for item in self.thread.items[before:]])

    def _begin(self) -> None:
        # the reviewer's own thread remarks the same again, and its tokens are nobody's (measured)
        notices.turn_begins(self.host, self.wire, self.thread)
        notices.opened(self.host, self.wire, self.thread)
        super()._begin()

    def notify_usage(self, last: Json | None = None) -> None:
        """A reviewer's tokens are not shown to the client (measured)."""

    def _ended(self, state: str, error: Json | None) -> None:
        """No parent is notified: a reviewer was not spawned as an agent."""
