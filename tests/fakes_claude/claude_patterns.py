"""The calls that patterns B, C and D are made of."""

from __future__ import annotations

from claude_bench import Bench
from claude_journal import Journal, Record
from scripted_model import Step, call

TYPE = "codex:codex-rescue"
GO = "[hookproof:agent=sub] go"


def rescue(**more: object) -> Step:
    """Main calls the rescue agent."""
    return call("Agent", id="toolu_main1", subagent_type=TYPE, prompt=GO, description="do it", **more)


def bash(command: str, **more: object) -> Step:
    """The subagent calls Bash."""
    return call("Bash", id="toolu_sub1", command=command, description="codex", **more)


def play_pattern_c(bench: Bench, lifecycle: str) -> Journal:
    """Pattern C to the end of the session."""
    running = bench.start(lifecycle=lifecycle, turn="[hookproof:agent=main] hello")
    running.turn_ended()
    assert running.finish() == 0, running.errors()
    return bench.journal


def who(record: Record) -> str:
    """Whether a hook ran for main or for the subagent."""
    return "main" if record["agent_id"] is None else "sub"
