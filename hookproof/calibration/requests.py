"""The facets that only the model's requests show: where context is put, what is notified, what a shell sees."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from hookproof.calibration.names import Names
from hookproof.model.script import marked_agents
from hookproof.processes.base import STARTED_BY_VARIABLE
from hookproof.records import Record
from hookproof.records.model import ModelRequest
from hookproof.records.parts import Text

_PROBE = re.compile(r"PROBE \w+")
_NOTICE = re.compile(
    r"<task-notification>\s*<task-id>.*?</task-notification>|<subagent_notification>\s*\{.*?</subagent_notification>",
    re.DOTALL,
)
_NAMES = re.compile(r"^PROBE-NAMES (.*)$", re.MULTILINE)
_SHELLS_OWN = frozenset({"_", "PWD", "OLDPWD", "SHLVL", STARTED_BY_VARIABLE})
"""What bash itself sets, and the mark by which a stand-in's shells are known for what they started."""


def _requests_in_order(records: list[Record]) -> list[tuple[str, int, ModelRequest]]:
    """Every request, with its agent and its number among that agent's requests.

    One that only tells of a child's end counts with the request before: which of the two it comes with is the host's
    own race.
    """
    count: Counter[str] = Counter()
    found = []
    for record in records:
        if isinstance(record, ModelRequest) and not record.aside:
            agent = str(record.agent)
            count[agent] += 0 if record.late else 1
            found.append((agent, count[agent], record))
    return found


def contexts(records: list[Record], names: Names) -> dict[str, Any]:
    """`PROBE EVENT of AGENT's request N` -> where it stands: role, words around it, place beside the prompt."""
    found: dict[str, list[str]] = {}
    for agent, number, request in _requests_in_order(records):
        prompt = _prompt(agent, request)
        if request.forgotten is not None:
            lost = {match.group() for text in request.forgotten for match in _PROBE.finditer(text)}
            found[f"forgotten at request {number} of {names.agent(agent)}, which resumes"] = sorted(lost)
        for text in request.texts:
            for match in _PROBE.finditer(text.text):
                where = f"{match.group()} in request {number} of {names.agent(agent)}"
                found.setdefault(where, []).append(_shown_where(text, match, prompt, names))
        for result in request.results:
            for match in _PROBE.finditer(result.text):
                found.setdefault(f"{match.group()} in request {number} of {names.agent(agent)}", []).append(
                    f"in a tool's result: {_around(result.text, match, names)}"
                )
    return dict(found)


def context_roles(records: list[Record]) -> frozenset[str]:
    """The roles of the messages in which a hook's context stood."""
    texts = (text for _, _, request in _requests_in_order(records) for text in request.texts)
    return frozenset(text.role for text in texts if _PROBE.search(text.text))


def _prompt(agent: str, request: ModelRequest) -> int | None:
    """The place of the prompt that is new in a request."""
    indexes = [t.place for t in request.texts if agent in marked_agents(t.text) and not t.inherited]
    return indexes[-1] if indexes else None


def _shown_where(text: Text, match: re.Match[str], prompt: int | None, names: Names) -> str:
    if text.inherited:
        beside = "inherited"
    elif prompt is None:
        beside = "without a new prompt"
    else:
        beside = "in the prompt" if text.place == prompt else "before" if (text.place or 0) < prompt else "after"
        beside = f"{beside} the prompt" if beside != "in the prompt" else beside
    return f"{text.role}, {beside}: {_around(text.text, match, names)}"


def _around(text: str, match: re.Match[str], names: Names) -> str:
    """The paragraph that a probe stands in: what a host says besides is not compared word by word."""
    before = names.plain(text[: match.start()]).rpartition("\n\n")[2]
    after = names.plain(text[match.end() :]).partition("\n\n")[0]
    # a line feed where a block ends is how blocks are joined, and tells a model nothing
    return f"{before}[PROBE]{after}".strip()


def notifications(records: list[Record], names: Names) -> dict[str, Any]:
    """Agent -> every notification that reached its model, with its role; and the words around each."""
    found: dict[str, list[str]] = {}
    for agent, number, request in _requests_in_order(records):
        for text in request.texts:
            match = _NOTICE.search(text.text)
            if match is None:
                continue
            who, where = names.agent(agent), f"request {number}, {text.role}"
            plain = [
                names.plain(part) for part in (text.text[: match.start()], match.group(), text.text[match.end() :])
            ]
            found.setdefault(who, []).append(f"{where}: {plain[1]}")
            found.setdefault(f"{who}, the words around it", []).append(f"{plain[0]}[NOTIFICATION]{plain[2]}".strip())
    return dict(found)


def shell_names(records: list[Record], names: Names) -> dict[str, Any]:
    """Agent -> the names of the variables that its shell printed."""
    found: dict[str, Any] = {}
    for agent, _, request in _requests_in_order(records):
        for result in request.results:
            match = _NAMES.search(result.text)
            if match:
                found[names.agent(agent)] = sorted(set(match.group(1).split()) - _SHELLS_OWN)
    return found
