"""The policies: named switches whose defaults are the plugin before issue #146, and a row for each other way.

A copy of the plugin plays the policy that its file `policy` names in one line: `correct`, `fix-146+block_once=yes`.
Claude Code tells its hooks who a subagent is, and every policy serves it alike but for the switches that name it.
"""

from __future__ import annotations

import os

SCRIPTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PLUGIN_ROOT = os.path.dirname(SCRIPTS)


class UnknownPolicyError(Exception):
    """The file `policy` names what there is not."""


class Policy:
    """One way of behaving. The values here are those of `before-146`."""

    texts = "before-146"  # the manifest and hooks/AGENTS.md: one of texts/, or `documented`, those that stand in place
    reads_rollout = True  # at SessionStart, a thread is known for a child by its rollout's first line
    wants_proof = False  # no main policy and no record unless that line is the thread's own and says what it is
    block_at_session_start = False  # a child's SessionStart gives it its block
    subagent_start = "undeclared"  # undeclared | payload: the event says who began | rollout: the child's own line does
    drawn_nickname_selects = True  # a nickname selects a template even if the host drew it at random
    block_once = False  # once for each thread, however often and by whichever event it starts
    claude_resume_tells = False  # main is told at a resume too: 2.1.91 has lost it then, 2.1.329 drops the same text
    claude_clear_tells = True  # main is told after a /clear
    claude_compact_tells = True  # main is told after a compaction
    codex_compact_tells = False
    main_words = "the same"  # the same | dated: the policy has the moment in it at which it was told
    codex_resume_tells = False  # main is told at a resume too, which has kept what it was told
    claude_agents = "own"  # own: an agent is told its own block | policy: what the main session is told

    def __init__(self, switches: dict[str, object]) -> None:
        for name, value in switches.items():
            setattr(self, name, value)


SWITCH_NAMES = [name for name in vars(Policy) if not name.startswith("_")]

POLICIES: dict[str, dict[str, object]] = {
    "before-146": {},
    "fix-146": {"texts": "fix-146", "block_at_session_start": True},
    "native-subagent-start": {
        "texts": "native-subagent-start",
        "reads_rollout": False,
        "subagent_start": "payload",
    },
    "correct": {
        "texts": "documented",
        "wants_proof": True,
        "block_at_session_start": True,
        "subagent_start": "rollout",
        "drawn_nickname_selects": False,
        "block_once": True,
        "claude_resume_tells": True,
        "codex_compact_tells": True,
    },
}

# named additions, correct+NAME: one thing wrong, which no plugin above does
SWITCHES: dict[str, dict[str, object]] = {
    "deaf-to-clear": {"claude_clear_tells": False},
    "deaf-to-compaction": {"claude_compact_tells": False, "codex_compact_tells": False},
    "repeats-itself": {"main_words": "dated", "codex_resume_tells": True},
    "policy-for-agents": {"claude_agents": "policy"},
}


def parse(line: str) -> Policy:
    """The policy that a line names. Raises UnknownPolicyError, which says what there is instead."""
    name, *additions = line.strip().split("+")
    if name not in POLICIES:
        raise UnknownPolicyError(f"no policy is called {name!r}; there are: {', '.join(POLICIES)}")
    switches = dict(POLICIES[name])
    for addition in additions:
        if addition in SWITCHES:
            switches.update(SWITCHES[addition])
            continue
        switch, _, text = addition.partition("=")
        switches[switch] = _value(switch, text)
    return Policy(switches)


def _value(switch: str, text: str) -> object:
    if switch not in SWITCH_NAMES:
        known_names = ", ".join([*SWITCHES, *SWITCH_NAMES])
        raise UnknownPolicyError(f"no switch is called {switch!r}; there are: {known_names}")
    default = getattr(Policy, switch)
    known: dict[str, object]
    if isinstance(default, bool):
        known = {"yes": True, "no": False}
    else:
        rows = (*POLICIES.values(), *SWITCHES.values())
        known = {str(value): value for value in (default, *(row.get(switch, default) for row in rows))}
    if text not in known:
        raise UnknownPolicyError(f"{switch} takes {' or '.join(known)}, not {text!r}")
    return known[text]


def of_this_plugin() -> Policy:
    with open(os.path.join(PLUGIN_ROOT, "policy"), encoding="utf-8") as file:
        return parse(file.readline())
