"""Finds out which run of a hook it is that a real host has spoken of, and writes `hook.judged` for it.

A real host tells of its hooks in its stream or to its client, without the ids that the tap gives to runs, and before or
after the tap has told of the end. Made with a session; fed with what the host says; asked to `finish` when the session
is over, for a hook that was cut may never tell its end.
"""

from __future__ import annotations

from dataclasses import dataclass

from hookproof.journal import Journal
from hookproof.records import Record
from hookproof.records.hosts import HookJudged
from hookproof.records.parts import HookOutput
from hookproof.records.sent import HookEnded, HookStarted

_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """What a host says of one run of a hook. What is None it does not say."""

    event: str
    failed: bool
    """Whether the hook came to nothing, for whichever reason."""
    cut: bool = False
    """Whether the host ended it."""
    words: str | None = None
    stdout: str | None = None
    exit: int | None = None
    """Of a hook that has failed; of one whose output was refused a host may say anything."""
    command: str | None = None
    """As it is written in the plugin."""
    session_id: str | None = None
    thread: str | None = None

    def fits(self, started: HookStarted, ended: HookEnded | None) -> bool:
        """Whether it may be about this run."""
        if started.event != self.event or self.command not in {None, started.command}:
            return False
        if self.session_id not in {None, started.session_id}:
            return False
        if self.thread not in {None, started.thread_id or started.agent_id or started.session_id}:
            return False
        if ended is None or ended.ended_by != "itself":
            # what is cut has printed what it has; a host may also find its own words for one that was killed
            return self.cut or (ended is not None and self.failed)
        if self.cut:
            # on a busy machine a host gives a hook up that has ended by then (measured on 2.1.91)
            return self.command is not None
        return self._fits_end(ended) and (self.stdout is None or _same(self.stdout, ended.stdout))

    def _fits_end(self, ended: HookEnded) -> bool:
        """Whether a hook that ended so can have come to that."""
        if ended.exit == 0:
            return not self.failed or bool(ended.stdout.strip())
        return self.failed and self.exit in {None, ended.exit}

    def output(self, ended: HookEnded | None) -> HookOutput:
        """What became of the run's output. A hook that did well and came to nothing was refused."""
        if not self.failed and not self.cut:
            return "taken"
        went_well = ended is not None and ended.ended_by == "itself" and ended.exit == 0
        return "refused" if went_well and not self.cut else "not read"


def _same(said: str, printed: str) -> bool:
    """A host may cut what a hook printed; so does the tap."""
    one, other = said.strip(), printed.strip()
    return one == other or (bool(one) and bool(other) and (one.startswith(other) or other.startswith(one)))


class HookWords:
    """The runs and the words of one session that have not found each other yet."""

    def __init__(self, journal: Journal, session: str) -> None:
        self._journal = journal
        self._session = session
        self._running: dict[str, HookStarted] = {}
        self._ended: dict[str, tuple[HookStarted, HookEnded]] = {}
        self._said: list[Said] = []
        journal.observe(self._seen)

    def say(self, said: Said) -> None:
        """The host has said that."""
        found = next((run for run, (started, ended) in self._ended.items() if said.fits(started, ended)), None)
        if found is None:
            self._said.append(said)
        else:
            self._write(said, *self._ended.pop(found))

    def finish(self, *, complains_of: str | None = None, session_id: str | None = None) -> None:
        """Nothing more will be said. What was cut and has told no end is now known to have been.

        `complains_of` is an event of which the host tells only what went wrong: of what it has not complained of in
        that session, it has taken.
        """
        for run, (started, ended) in list(self._ended.items()):
            if started.event == complains_of and started.session_id == session_id and ended.exit == 0:
                del self._ended[run]
                said = Said(complains_of, failed=False)
                self._write(said, started, ended, inferred="the host has not complained of it")
        for said in [each for each in self._said if each.cut]:
            found = next((run for run, started in self._running.items() if said.fits(started, None)), None)
            if found is not None:
                self._said.remove(said)
                self._write(said, self._running.pop(found), None)
                continue
            # one that had ended when its host gave it up
            late = next((run for run, (started, _) in self._ended.items() if said.fits(started, None)), None)
            if late is not None:
                self._said.remove(said)
                self._write(said, *self._ended.pop(late))

    def _seen(self, record: Record) -> None:
        if isinstance(record, HookStarted):
            self._running[record.run] = record
        elif isinstance(record, HookEnded) and record.run in self._running:
            started = self._running.pop(record.run)
            said = next((each for each in self._said if each.fits(started, record)), None)
            if said is None:
                self._ended[record.run] = (started, record)
            else:
                self._said.remove(said)
                self._journal.after(self._write_after(said, started, record))

    async def _write_after(self, said: Said, started: HookStarted, ended: HookEnded) -> None:
        self._write(said, started, ended)

    def _write(self, said: Said, started: HookStarted, ended: HookEnded | None, *, inferred: str | None = None) -> None:
        words = said.words[:_SHOWN] if said.words else None
        self._journal.write(
            HookJudged(
                session=self._session,
                run=started.run,
                event=started.event,
                output=said.output(ended),
                cut=said.cut,
                words=words,
                inferred=inferred,
            )
        )
