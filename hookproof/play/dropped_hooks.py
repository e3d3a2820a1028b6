"""Sees that a real host runs no hook of the plugin: up to 2.1.91 Claude Code drops all of them for one unknown event.

It says nothing of it. But it has asked a model, so a prompt was submitted in a session that had begun: a hook that is
declared for either, whatever they are about, would have run. Called by the runner when all sessions are over.
"""

from __future__ import annotations

from collections.abc import Sequence

from hookproof.journal import Journal
from hookproof.records.model import ModelRequest
from hookproof.records.sent import HooksDropped, HookStarted
from hookproof.sandbox.tap import TappedHook

_SURE = ("SessionStart", "UserPromptSubmit")
"""The events that have fired where a model was asked."""


def write_dropped(journal: Journal, tapped: Sequence[TappedHook], release: str) -> None:
    """Write `hooks.dropped` where hooks were to run and none did."""
    due = [hook.event for hook in tapped if hook.always and hook.event in _SURE]
    asked = any(not request.aside for request in journal.of(ModelRequest))
    if not due or not asked or journal.of(HookStarted):
        return
    fired = " and ".join(dict.fromkeys(due))
    why = f"a model was asked, and no hook ran, although the plugin declares some for {fired}"
    events = list(dict.fromkeys(hook.event for hook in tapped))
    journal.write(HooksDropped(plugin=None, events=events, release=release, inferred=why))
