"""The two records of a hook's run, its start and its end, written by both stand-ins and the tap.

Written by both stand-ins and the tap, so that a run reads the same whoever ran it. A real host keeps all that a hook
prints in memory. Here the beginning is kept, and the rest is read, counted and dropped: the hook never stands before a
full pipe, and this program never grows with it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .wire import Recorder

STARTED_BY = "HOOKPROOF_STARTED_BY"
"""In the environment of a hook or shell: the id of its run, for what outlives it to be known by."""

VARIABLES = ("CLAUDE", "CODEX", "PLUGIN")
"""The variables of a hook that the journal keeps begin so."""

KEPT = 4 * 1024 * 1024
"""Of each stream, in bytes. What is made of an output is made of this: a document that is longer is not taken."""
SHOWN = 1024 * 1024
"""Of each stream in records and on the host's own stream, in bytes: a record is one line."""


class Output:
    """One stream of a hook. One thread adds to it."""

    def __init__(self, most: int = KEPT) -> None:
        self.size = 0
        self._most = most
        self._kept = bytearray()

    def add(self, chunk: bytes) -> None:
        """Take in what was read."""
        self.size += len(chunk)
        if len(self._kept) < self._most:
            self._kept += chunk[: self._most - len(self._kept)]

    @property
    def cut(self) -> bool:
        """Whether not all of it was kept."""
        return self.size > self._most

    def text(self) -> str:
        """What was kept. What is no UTF-8 in it is replaced."""
        return self._kept.decode("utf-8", "replace")

    def shown(self, name: str) -> dict[str, Any]:
        """For the journal: `name`, and its whole length where not all of it is there."""
        fields: dict[str, Any] = {name: self._kept[:SHOWN].decode("utf-8", "replace")}
        return {**fields, f"{name}_bytes": self.size} if self.size > SHOWN else fields


def effects(
    output: str,
    *,
    words: str | None = None,
    context: str | None = None,
    decision: str | None = None,
    reason: str | None = None,
    stop: str | None = None,
    updates_input: bool = False,
    message: str | None = None,
) -> dict[str, Any]:
    """What a host has made of a hook's output, as the record of its end holds it; of each text its beginning."""
    texts = {"words": words, "context": context, "reason": reason, "stop": stop, "message": message}
    told: dict[str, Any] = {name: text[:SHOWN] for name, text in texts.items() if text is not None}
    if decision is not None:
        told["decision"] = decision
    if updates_input:
        told["updates_input"] = True
    return {"output": output, **told}


def record_start(
    recorder: Recorder,
    run: Mapping[str, object],
    *,
    process: tuple[int | None, int | None],
    environment: Mapping[str, str],
    **fields: object,
) -> None:
    """Write that a hook has been started. `run` names the run and whose it is; `process` is its pid and its group."""
    pid, pgid = process
    shown = {name: value for name, value in environment.items() if name.startswith(VARIABLES)}
    recorder.write("hook.started", **run, pid=pid, pgid=pgid, env=shown, **fields)


def record_end(
    recorder: Recorder,
    run: Mapping[str, object],
    *,
    status: tuple[int | None, int | None],
    printed: tuple[Output, Output],
    ended_by: str,
    ms: int,
    limit: float | None = None,
    effects: dict[str, Any] | None = None,
) -> None:
    """Write that a hook has ended. `status` is its exit code and its signal, `printed` its stdout and stderr.

    `ms` is how long it ran, `limit` the seconds at which it was cut; `effects` is what the host made of it, None where
    only the host knows.
    """
    code, number = status
    out, err = printed
    recorder.write(
        "hook.ended",
        **run,
        exit=code,
        signal=number,
        **out.shown("stdout"),
        **err.shown("stderr"),
        ended_by=ended_by,
        ms=ms,
        **({"limit": limit} if limit is not None else {}),
        **({"effects": effects} if effects is not None else {}),
    )
