"""What there is when all is over: files as they were read then, and processes that still run."""

from __future__ import annotations

from hookproof.judge.checks.left import not_charged
from hookproof.judge.checks.left import told as told_of
from hookproof.judge.checks.outcomes import maybe_left
from hookproof.judge.expect.counts import Counted
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import Finding
from hookproof.records.expect import FileLeft, Misfit, ProcessesLeft
from hookproof.records.hosts import HostStarted
from hookproof.records.parts import LeftFile
from hookproof.records.run import FilesLeft

LEFT = Counted("left", "nothing left")
_NOT_YET = frozenset({"missing", "lacks it"})
"""What a process that still runs may put right."""
_NO_SESSION = "no session began"


def file(view: RunView, expected: FileLeft) -> Finding:
    """Whether the files at a path are as the sentence says."""
    if not view.of(HostStarted):
        return Finding.not_tested(_NO_SESSION, view.end)
    record = next(iter(view.of(FilesLeft)), None)
    left = next((each for each in record.files if each.path == expected.path), None) if record is not None else None
    if record is None or left is None:
        return Finding(None, f"nobody looked what is at {expected.path} when all was over", view.end)
    if left.nowhere is not None:
        return Finding.not_tested(f"{expected.path}: {left.nowhere}", record)
    misfit = expected.misfit(left)
    unsure = _unsure(view, record, expected, left, misfit)
    if unsure is not None:
        return Finding(None, unsure, record)
    if misfit is not None:
        return Finding(misfit.outcome, misfit.detail, record)
    files = ", ".join(f"{each.path} ({each.bytes} bytes)" for each in left.found[:3])
    return Finding(words_for(expected), files or f"no file {expected.path} is there", record)


def _unsure(view: RunView, record: FilesLeft, expected: FileLeft, left: LeftFile, misfit: Misfit | None) -> str | None:
    """Why nobody can tell: not all was read, or what still ran may put it right."""
    if misfit is None:
        unread = left.more and expected.lacks
        return f"{left.more} more files fit {expected.path} than were read" if unread else None
    if misfit.cut is not None:
        why = misfit.cut.unread or f"only the beginning of its {misfit.cut.bytes:,} bytes was kept"
        return f"{misfit.detail}: {misfit.cut.path} {why}"
    if misfit.outcome not in _NOT_YET:
        return None
    if left.more:
        return f"{misfit.detail}, and {left.more} more files fit {expected.path} than were read"
    if record.still_runs:
        return f"{misfit.detail}, and what may still write it was running: {told_of(view, record.still_runs)}"
    return None


def words_for(expected: FileLeft) -> str:
    """The outcome that satisfies."""
    if not expected.exists:
        return "not there"
    said = [*(["has it"] if expected.has else []), *(["lacks the other"] if expected.lacks else [])]
    return ", ".join(["there", *said])


def processes(view: RunView, expected: ProcessesLeft) -> Finding:
    """How many processes still ran when all had settled, hookproof's own aside."""
    if not view.of(HostStarted):
        return Finding.not_tested(_NO_SESSION, view.end)
    census = view.census
    if census is None:
        return Finding(None, "the run ended without a census")
    command = expected.command
    found = [each for each in census.processes if command is None or command.stand_in(" ".join(each.argv))]
    about = "" if command is None else f" with {command} in its command line"
    number, times = len(found), expected.times
    unsure = [each for each in view.undecided if command is None or command.stand_in(" ".join(each.argv))]
    if unsure and times.fit(number) != times.fit(number + len(unsure)):
        return Finding(None, maybe_left(unsure), census)
    if not found:
        return Finding(LEFT.outcome(times, 0), f"no process{about} was alive when all was over", census)
    detail = f"{number} process(es){about}: {told_of(view, found)}{view.outlived}"
    why = not_charged(view, census)
    if why is not None and not times.fit(number):
        return Finding.not_tested(f"{why}; {detail}", census)
    return Finding(LEFT.outcome(times, number), detail, census)
