"""HOOK-06, HOOK-19: what a session's start tells stands once in its conversation, and is there again after a loss.

What counts is what main's model sees, for a host may drop a text that it has already, or all that hooks had told. The
texts are known by the lines of the main policy, where the plugin's descriptor names some, and by the lines that start
hooks have printed. Pure functions of the view.
"""

from __future__ import annotations

from hookproof.catalogue.scenario import MAIN
from hookproof.judge.agent_view import AgentView
from hookproof.judge.checks.context import found_at
from hookproof.judge.checks.registry import context_check
from hookproof.judge.run_view import Received
from hookproof.judge.stretches import Stretch, start_texts, stretches
from hookproof.judge.verdict import Finding, Missed

ONCE, TWICE, THERE, GONE = "once", "twice", "there", "gone"
_TELLING_LINE = 20
"""A shorter line, a rule or a tag, may stand in several texts without being the same thing said again."""
_AFTER = {"start": "the start", "clear": "the clear", "compaction": "the compaction", "resume": "the resume"}


def _lines(view: AgentView, texts: list[str]) -> list[str]:
    """By which what a start tells is known."""
    own = (line.strip() for text in texts for line in text.splitlines())
    return list(dict.fromkeys([*view.says.get("policy", []), *(line for line in own if len(line) >= _TELLING_LINE)]))


def _with(stretch: Stretch, line: str) -> list[Received]:
    return [each for each in stretch.standing if line in each.text]


@context_check("HOOK-06")
def start_stands_once(view: AgentView) -> Finding:
    """Whether nothing that a start tells main stands in its conversation a second time."""
    if not view.queried(MAIN):
        return Finding(None, "main's model was never asked", agent=MAIN)
    found, said = stretches(view), start_texts(view)
    texts = [text for each in said.values() for text in each]
    lines = _lines(view, texts)
    for stretch in found:
        for line in lines:
            standing = _with(stretch, line)
            # a text that says the same line several times is one text all the same
            most = max([1, *(text.count(line) for text in texts)])
            if sum(each.text.count(line) for each in standing) > most:
                detail = f"after {_AFTER[stretch.how]} it stands {len(standing)} times: {line[:160]!r}"
                return found_at(TWICE, detail, standing[-1], MAIN)
    if not any(_with(stretch, line) for stretch in found for line in lines):
        return Finding.not_tested("nothing that a start hook says has reached main's model", found[0].began)
    return Finding(ONCE, f"in {len(found)} stretch(es): {', '.join(each.how for each in found)}", found[-1].began, MAIN)


@context_check("HOOK-19")
def start_is_there_again(view: AgentView) -> Finding:
    """Whether what the first start has told main is there after each moment at which the host has lost it."""
    if not view.queried(MAIN):
        return Finding(None, "main's model was never asked", agent=MAIN)
    found, said = stretches(view), start_texts(view)
    first, later = found[0], found[1:]
    told = [line for line in _lines(view, said.get(first.thread, [])) if _with(first, line)]
    if not told:
        return Finding.not_tested("nothing that a start hook says has reached main's model at its start", first.began)
    if not later:
        return Finding.not_tested("no conversation began anew, or lost what it had: nothing was cleared", first.began)
    for stretch in later:
        # another text of a start hook's is as good: what is to be told after a loss may have changed
        others = [text for text in said.get(stretch.thread, []) if _with(stretch, text)]
        if not others and not any(_with(stretch, line) for line in told):
            detail = f"after {_AFTER[stretch.how]} none of {len(stretch.standing)} texts has {told[0][:160]!r}"
            missed = Missed(MAIN, tuple(told), stretch.thread, stretch.since)
            return Finding(GONE, detail, stretch.began, MAIN, context=missed)
    return Finding(THERE, f"after {', '.join(_AFTER[each.how] for each in later)}", later[-1].began, MAIN)
