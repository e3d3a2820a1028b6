"""Which events of the probe a release does not know, found by asking the release. Called by `suite.measure`.

A release drops every hook of a plugin that declares an event it does not know, without a word: then the probe would
measure nothing at all. So it is asked first, with fewer and fewer events, until it runs the probe's hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hookproof.errors import HookproofError, Status


class NoHookRanError(HookproofError):
    """The release runs no hook of the probe, whatever events the probe declares: nothing can be measured on it."""

    status = Status.FAILED


def unknown_events(events: Sequence[str], always: str, runs_hooks: Callable[[Sequence[str]], bool]) -> list[str]:
    """Those of `events` that the release does not know, in their order.

    `runs_hooks` plays a session with a probe that declares these events and says whether its hook of `always` ran;
    `always` is among them each time. Raises NoHookRanError when it does not run alone either.
    """
    if runs_hooks(events):
        return []
    others = [event for event in events if event != always]
    if not runs_hooks([always]):
        raise NoHookRanError(f"no hook of the probe ran, not even with {always} alone: nothing was measured")
    unknown = _unknown(others, always, runs_hooks)
    return [event for event in events if event in unknown]


def _unknown(events: Sequence[str], always: str, runs_hooks: Callable[[Sequence[str]], bool]) -> set[str]:
    """The same of events among which there is one that is not known: each half is asked."""
    if len(events) == 1:
        return set(events)
    middle = len(events) // 2
    first, second = events[:middle], events[middle:]
    found = set() if runs_hooks([always, *first]) else _unknown(first, always, runs_hooks)
    # where the first half is known the second need not be asked as a whole
    if not found or not runs_hooks([always, *second]):
        found |= _unknown(second, always, runs_hooks)
    return found
