"""Writes the scenario that plays a transcript's conversation again. Called by `hookproof init --from-transcript`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from hookproof import clean
from hookproof.catalogue.host import HostName
from hookproof.hosts.registry import HOSTS
from hookproof.model.script import job_named
from hookproof.transcripts import claude, codex
from hookproof.transcripts.cleaning import Cleaner
from hookproof.transcripts.conversation import Conversation, Row, TranscriptError, rows

_JOBS = ("JOB-03", "JOB-04")
_CONTEXT = ("CTX-01",)
_FROM_ABROAD = "elsewhere"
NEW_FILE = "\0"


@dataclass(frozen=True, slots=True)
class Made:
    """A scenario file's text, and what of the transcript is not in it: a sentence each."""

    text: str
    left_out: list[str]


def scenario_of(
    path: Path,
    *,
    from_line: int = 1,
    launch: str | None = None,
    requires: Iterable[str] = (),
) -> Made:
    """The scenario that the transcript in `path` makes, from one of its lines on.

    `launch` is how the plugin's descriptor has a job launched: a command that does so becomes a job of the scenario.
    `requires` are the requirements that it shall be about. Raises FileError, TranscriptError.
    """
    found = rows(path, from_line)
    readers: dict[HostName, ModuleType] = {"claude": claude, "codex": codex}
    host = next((host for host, reader in readers.items() if reader.is_one(found)), None)
    if host is None:
        raise TranscriptError(
            f"{path}: no line of it is one of a conversation; expected a transcript of Claude Code "
            "(~/.claude/projects/*/*.jsonl) or of Codex ($CODEX_HOME/sessions/**/rollout-*.jsonl)"
        )
    told = Conversation(host)
    readers[host].read(path, found, told)
    if not told.typed:
        raise TranscriptError(
            f"{path}: nothing that a user has typed stands there from line {from_line} on; "
            "a scenario begins with it: name an earlier line"
        )
    return _Writer(told, launch, from_line).made(list(requires))


class _Writer:
    def __init__(self, told: Conversation, launch: str | None, from_line: int) -> None:
        self._told = told
        self._launch = None if launch is None else _pattern(launch)
        self._cleaner = Cleaner(told.folder, list(_texts(told)))
        self._from_line = from_line
        self._jobs: list[str] = []

    def made(self, requires: list[str]) -> Made:
        for agent in self._told.agents.values():
            if agent.open_call or not agent.steps:
                self._told.left_out[f"the last word of the agent {agent.name}, before which the transcript ends"] += 1
                agent.steps.append({"text": "The transcript ends here."})
        scripts = {name: self._script(agent.steps) for name, agent in self._told.agents.items()}
        user = self._cleaner.text(self._told.typed[0][1])
        kind = "companion" if self._jobs else "context"
        product = HOSTS[self._told.host].title
        version = f" {self._told.version}" if self._told.version else ""
        parts = [
            _table("", {"title": _title(user), "source": f"a transcript of {product}{version}", "kind": kind})
            + _table("", {"host": self._told.host, "requires": requires or list(_JOBS if self._jobs else _CONTEXT)})
            + _table("", {"user": user}),
            self._project(),
            *(f"[jobs.{job}]\n" for job in self._jobs),
            *("".join(_table(f"[[model.{_key(name)}]]", step) for step in steps) for name, steps in scripts.items()),
            "".join(_table("[[then]]", step) for step in self._then()),
        ]
        return Made("\n".join(part for part in parts if part), list(self._left_out()))

    def _script(self, steps: list[Row]) -> list[Row]:
        """An agent's steps; its last word after a launch waits until the job is at work, as it was by then."""
        script, launched = [], False
        for step in steps:
            cleaned = self._step(step)
            launched = launched or "{launch}" in str(cleaned.get("command"))
            if "text" in cleaned and launched:
                cleaned["after"], launched = "job started", False
            script.append(cleaned)
        return script

    def _step(self, step: Row) -> Row:
        cleaned = {key: self._cleaner.text(value) if isinstance(value, str) else value for key, value in step.items()}
        if "file_path" in step:
            cleaned["file_path"] = self._path(step["file_path"])
        if step.get("call") == "Bash":
            cleaned["command"] = self._command(step["command"])
        return cleaned

    def _path(self, path: str) -> str:
        own_name = path.replace("\\", "/").rpartition("/")[2]
        return self._cleaner.path(path) or f"{_FROM_ABROAD}/{own_name}"

    def _command(self, command: str) -> str:
        found = self._launch.search(command) if self._launch is not None else None
        if found is None:
            return self._cleaner.text(command)
        job = job_named(command)
        name = job or f"job{len(self._jobs) + 1}"
        if name not in self._jobs:
            self._jobs.append(name)
        before, after = self._cleaner.text(command[: found.start()]), self._cleaner.text(command[found.end() :])
        if job is None:
            quoted = re.search(r"[\"']", after)
            after = f"{after[: quoted.end()]}job={name} {after[quoted.end() :]}" if quoted else f"{after} job={name}"
        return f"{before}{{launch}}{after}"

    def _project(self) -> str:
        """The files that the session found: without them a Read or an Edit would fail."""
        rows = []
        for path, text in self._told.project.items():
            inside = self._cleaner.path(path)
            if inside is not None and text != NEW_FILE and not inside.startswith(_FROM_ABROAD):
                rows.append(f"{_value(inside)} = {_value(self._cleaner.text(text))}\n")
        return "[project]\n" + "".join(rows) if rows else ""

    def _then(self) -> Iterator[Row]:
        """What the user types next, each after as many turns as then; and the session's end."""
        for job in self._jobs[:1]:
            yield {"when": f"job {job} started", "do": "look"}
        done = 0
        for turns, text in self._told.typed[1:]:
            # a turn that nobody typed for: the host had told of something's end
            for _ in range(turns - done - 1):
                yield {"when": "turn ended", "do": "look"}
            yield {"when": "turn ended", "user": self._cleaner.text(text)}
            done = max(turns, done + 1)
        # each text of main is a turn, those of notices too, and a run may end before a notice comes
        if self._jobs:
            yield {"when": "turn ended", "do": "look"}
            for job in self._jobs:
                yield {"when": "settled", "do": f"release job {job}"}
            yield {"when": "settled", "do": "look"}
        yield {"when": "settled" if self._jobs else "turn ended", "do": "end session"}

    def _left_out(self) -> Iterator[str]:
        if self._from_line > 1:
            yield f"lines 1 to {self._from_line - 1}"
        for what, number in self._told.left_out.items():
            yield what if number == 1 else f"{what} ({number} times)"
        if self._cleaner.secrets:
            yield f"{self._cleaner.secrets} texts that look like secrets"


def _texts(told: Conversation) -> Iterator[str]:
    yield from (text for _, text in told.typed)
    for agent in told.agents.values():
        yield from (value for step in agent.steps for value in step.values() if isinstance(value, str))


def _pattern(launch: str) -> re.Pattern[str]:
    """Finds a plugin's launch in a command, wherever the plugin lay."""
    words = [re.escape(part) for part in launch.replace('"', "").split("{plugin}")]
    # quotes stand around the path or not, and spaces in it
    return re.compile(r"[^\"'\n;&|]*?".join(words).replace(r"\ ", r"[\"']?\s+[\"']?") + r"(?=[\s\"']|$)")


def _title(user: str) -> str:
    line = clean.line(user.strip().split("\n")[0])
    return line if len(line) <= 80 else f"{line[:77]}..."


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _table(header: str, values: Row) -> str:
    lines = [f"{key} = {_value(value)}\n" for key, value in values.items()]
    return (f"{header}\n" if header else "") + "".join(lines)


def _value(value: Any) -> str:
    """A value as TOML has it, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
