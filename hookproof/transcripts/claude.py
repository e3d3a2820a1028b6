"""Reads the transcripts of Claude Code: `~/.claude/projects/…/SESSION.jsonl`, and those of its agents beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hookproof.transcripts.conversation import MAIN, Conversation, Row, rows

_COMMAND = re.compile(r"<command-name>/?([^<]+)</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*?)</command-args>", re.DOTALL)
_HOSTS_OWN = ("<system-reminder>", "<local-command-stdout>", "<local-command-stderr>", "<command-message>", "Caveat:")
_KEYS = {
    "Bash": ("command", "run_in_background", "timeout"),
    "Write": ("file_path", "content"),
    "Edit": ("file_path", "old_string", "new_string", "replace_all"),
    "Read": ("file_path", "offset", "limit"),
    "Agent": ("subagent_type", "prompt", "run_in_background"),
}
_ANY = "general-purpose"
_LONGEST_FILE = 20_000


def is_one(found: Iterable[tuple[int, Row]]) -> bool:
    """Whether these lines are a transcript of Claude Code."""
    return any(row.get("type") in ("user", "assistant") and isinstance(row.get("message"), dict) for _, row in found)


def read(path: Path, found: list[tuple[int, Row]], told: Conversation) -> None:
    """Put into `told` what the lines say. Raises FileError, TranscriptError for a file of an agent."""
    first = next((row for _, row in found if isinstance(row.get("cwd"), str)), {})
    told.folder, told.version = first.get("cwd"), _text(first.get("version")) or None
    side = [row for _, row in found if row.get("isSidechain")]
    reader = _Reader(told, [*_sidechains(side), *_files(path)])
    reader.read(MAIN, [row for _, row in found if not row.get("isSidechain")])


def _sidechains(side: list[Row]) -> Iterator[list[Row]]:
    """The lines of each agent that older releases write among main's own."""
    chains: dict[str, list[Row]] = {}
    chain_of: dict[str, str] = {}
    for row in side:
        parent = chain_of.get(_text(row.get("parentUuid")))
        key = _text(row.get("agentId")) or parent or _text(row.get("uuid"))
        chain_of[_text(row.get("uuid"))] = key
        chains.setdefault(key, []).append(row)
    yield from chains.values()


def _files(path: Path) -> Iterator[list[Row]]:
    """The lines of each agent that has a file of its own beside main's."""
    folder = path.with_suffix("") / "subagents"
    for file in sorted(folder.glob("agent-*.jsonl")) if folder.is_dir() else ():
        yield [row for _, row in rows(file)]


class _Reader:
    """Follows main through its lines, and from each call of the Agent tool into the agent's own."""

    def __init__(self, told: Conversation, others: list[list[Row]]) -> None:
        self._told = told
        self._others = others
        self._kinds: dict[str, int] = {}

    def read(self, agent: str, lines: list[Row]) -> None:
        """Take in what one agent heard and said."""
        self._told.agent(agent)
        answer: list[Row] = []
        for row in lines:
            if row.get("type") == "user":
                self._said(agent, answer)
                answer = []
                self._heard(agent, row)
            elif row.get("type") == "assistant":
                answer += [*_blocks(row, "text"), *_blocks(row, "tool_use")]
        self._said(agent, answer)

    def _said(self, agent: str, answer: list[Row]) -> None:
        """One answer of the model, which stands in a line for each of its parts."""
        calls = [block for block in answer if block.get("type") == "tool_use"]
        texts = [_text(block.get("text")) for block in answer if block.get("type") == "text"]
        if calls and texts:
            self._told.left_out["a text of the model beside a tool call"] += len(texts)
        elif texts:
            self._told.say(agent, "\n".join(texts))
        for block in calls:
            self._call(agent, block)

    def _call(self, agent: str, block: Row) -> None:
        name = "Agent" if block.get("name") == "Task" else _text(block.get("name"))
        given = block.get("input")
        if name not in _KEYS or not isinstance(given, dict):
            self._told.left_out[f"a call of the tool {name}"] += 1
            return
        step = {"call": name, **{key: given[key] for key in _KEYS[name] if given.get(key) not in (None, False)}}
        if name == "Agent":
            step["subagent_type"] = kind = _text(given.get("subagent_type")) or _ANY
            # what a release takes for granted differs
            step["run_in_background"] = bool(given.get("run_in_background"))
            self._told.call(agent, step)
            self._follow(kind, _text(given.get("prompt")))
        else:
            self._told.call(agent, step)

    def _follow(self, kind: str, prompt: str) -> None:
        self._kinds[kind] = number = self._kinds.get(kind, 0) + 1
        name = kind if number == 1 else f"{kind}#{number}"
        if number == 2 and kind in self._told.agents:
            # several of one type are told apart by their number
            self._told.agents = {f"{kind}#1" if key == kind else key: each for key, each in self._told.agents.items()}
        lines = next((each for each in self._others if each and _typed(each[0]).strip() == prompt.strip()), None)
        if lines is None:
            self._told.left_out[f"what the agent {kind} said, of which the transcript has nothing"] += 1
            self._told.say(name, "Done.")
            return
        self._others.remove(lines)
        self.read(name, lines[1:])

    def _heard(self, agent: str, row: Row) -> None:
        self._files_of(row)
        text = _typed(row)
        if agent != MAIN or row.get("isMeta") or not text.strip():
            return
        command = _COMMAND.search(text)
        if command is not None:
            arguments = _ARGUMENTS.search(text)
            self._told.type(f"/{command[1].strip()} {arguments[1].strip() if arguments else ''}".strip())
        elif text.startswith("[Request interrupted"):
            self._told.left_out["an interruption by the user"] += 1
        elif "<task-notification>" in text:
            return  # the host's own: it comes by itself when the scenario is played
        elif not text.startswith(_HOSTS_OWN):
            self._told.type(text)

    def _files_of(self, row: Row) -> None:
        """Remember what stood in a file before the session touched it."""
        result = row.get("toolUseResult")
        if not isinstance(result, dict):
            return
        shown = result.get("file")
        whole = isinstance(shown, dict) and shown.get("numLines") == shown.get("totalLines")
        path, before = (
            (shown.get("filePath"), shown.get("content") if whole else None)
            if isinstance(shown, dict)
            else (result.get("filePath"), result.get("originalFile"))
        )
        if isinstance(path, str) and path not in self._told.project:
            known = isinstance(before, str) and len(before) <= _LONGEST_FILE
            self._told.project[path] = str(before) if known else ""
            if not known and result.get("type") != "create":
                self._told.left_out["what stood in a file"] += 1
            if result.get("type") == "create":
                self._told.project[path] = "\0"


def _message(row: Row) -> Row:
    message = row.get("message")
    return message if isinstance(message, dict) else {}


def _blocks(row: Row, kind: str) -> list[Row]:
    content = _message(row).get("content")
    blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return [block for block in blocks if isinstance(block, dict) and block.get("type") == kind]


def _typed(row: Row) -> str:
    """The text of a user message, without what the host has put beside it."""
    texts = [_text(block.get("text")) for block in _blocks(row, "text")]
    return "\n".join(text for text in texts if not text.startswith("<system-reminder>"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
