"""How a picture speaks of what a record holds: short sentences in the words of the field, and the long texts beside."""

from __future__ import annotations

import json
import re
from typing import Any

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.run_view import JobView, NoEvidenceError, RunView
from hookproof.machine import signal_name
from hookproof.records import outward
from hookproof.records.hosts import HostExited
from hookproof.records.jobs import SnapshotTaken
from hookproof.records.model import GateReached, ModelAnswer, ModelRequest
from hookproof.records.run import ProcessDied
from hookproof.records.sent import HookEnded, HookStarted, ShellEnded
from hookproof.report.timeline.model import Detail

_NOTICES = ("<task-notification>", "<subagent_notification>")
_MARKER = re.compile(r"\[hookproof:[^\]]*\]")
_PATH = re.compile(r"\"?(?<![\w.])/(?:[^/\s\"']+/){2,}([^/\s\"']+)\"?")
Ended = ProcessDied | HostExited | ShellEnded | HookEnded
_PLACES = {MAIN: "main session", "launcher": "launcher’s shell", "bare": "a shell of no session"}


def duration(milliseconds: float) -> str:
    """A length of time as people write it."""
    return f"{milliseconds:.0f} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f} s"


def quoted(text: object, longest: int = 90) -> str:
    """One line of a text in quotation marks, cut where it is long, without our own marker and long paths."""
    line = " ".join(_MARKER.sub("", _PATH.sub(r"\1", str(text)[:4000])).split())
    return f"“{line[:longest]}…”" if len(line) > longest else f"“{line}”"


def amount(text: str) -> str:
    """The size of a text."""
    return f"{len(text.encode('utf-8', 'replace')):,} bytes"


def pretty(value: Any) -> str:
    """A value as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=outward)


def how_it_ended(record: Ended) -> str:
    """The wait status of a process, of a shell or of a host."""
    if record.signal:
        return f"killed by {signal_name(record.signal)}"
    code = record.code if isinstance(record, HostExited | ProcessDied) else record.exit
    if (isinstance(record, ProcessDied) and not record.observed) or code is None:
        return "ended; how, nobody could see"
    return "ended by itself" if code == 0 else f"ended by itself with exit code {code}"


def output(record: HookEnded | None, context: str) -> str:
    """What became of a hook run."""
    if record is None:
        return "never ends"
    if record.signal:
        return how_it_ended(record)
    if record.ended_by != "itself":
        return f"is ended by {record.ended_by}"
    said = record.stdout.strip()
    words = f"gives {amount(context)} of context" if context else f"prints {amount(said)}" if said else "says nothing"
    return words if record.exit in {0, None} else f"{words}, exit code {record.exit}"


def hook_details(started: HookStarted, ended: HookEnded | None) -> list[Detail]:
    """What a hook was given and what it gave."""
    found = [Detail("command", started.command)]
    found.append(Detail("stdin (payload)", pretty(started.payload)))
    if ended is not None:
        said = (("stdout", ended.stdout), ("stderr", ended.stderr))
        found += [Detail(name, text) for name, text in said if text.strip()]
    lines = (f"{name}={value}" for name, value in started.env.items())
    found.append(Detail("environment (of Claude, Codex and the plugin)", "\n".join(lines)))
    return [each for each in found if each.text]


def request_details(record: ModelRequest | GateReached) -> list[Detail]:
    """Every text that was new to a model, with its place."""
    found = []
    for text in record.texts:
        place = f" message {text.place + 1}" if text.place is not None else ""
        kept = ", inherited from its parent" if text.inherited else ""
        found.append(Detail(f"{text.role}{place}, {amount(text.text)}{kept}", text.text))
    results = record.results if isinstance(record, ModelRequest) else []
    return found + [Detail(f"result of {each.tool_use_id}", each.text) for each in results]


def notices(record: ModelRequest) -> list[str]:
    """The notifications among the texts of a request."""
    texts = (text.text for text in record.texts if text.role != "assistant")
    return [text for text in texts if any(mark in text for mark in _NOTICES)]


def answer_phrase(record: ModelAnswer) -> str:
    """What the model answered."""
    if record.call:
        told = record.input or {}
        what = next((told[name] for name in ("command", "prompt", "message") if told.get(name)), None)
        return f"calls {record.call}" + (f": {quoted(what, 70)}" if what else "")
    return f"says {quoted(record.text or '')}"


def status_phrase(view: RunView, snapshot: SnapshotTaken, job: JobView | None) -> str:
    """What status said of the job, place by place."""
    said: dict[str, list[str]] = {}
    for place, asked in snapshot.places.items():
        answered = asked.answer is not None
        words = _listed_phrase(view, snapshot, place, job) if answered else f"no answer (exit {asked.exit})"
        said.setdefault(words, []).append(_PLACES.get(place, place))
    told = "; ".join(f"{words} in {', '.join(places)}" for words, places in said.items())
    if len(said) == 1 and len(snapshot.places) > 1:
        told = f"{next(iter(said))} anywhere" if "not listed" in said else f"{next(iter(said))} everywhere"
    if job is None:
        return told
    row = view.rows.stored_row(snapshot, view.job_id(job))
    if row is None and not view.state_seen:
        return f"{told}; state files: not found"
    return f"{told}; state file: {f'“{row.status}”' if row is not None else 'no row'}"


def _listed_phrase(view: RunView, snapshot: SnapshotTaken, place: str, job: JobView | None) -> str:
    try:
        row = view.rows.listed_row(snapshot, place, view.job_id(job)) if job is not None else None
    except NoEvidenceError:
        return "an answer that cannot be read"
    return f"“{row.status}”" if row is not None else "not listed"
