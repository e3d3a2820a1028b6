"""`hookproof reproduce`: play what an issue reports, and tell what came out beside what the issue claims."""

from __future__ import annotations

import argparse

from hookproof.commands import reproduce_146, reproduce_345, select

ISSUES = {
    "345": "background jobs killed by a SessionEnd hook",
    "146": "Codex subagents get no context of their own",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `reproduce`."""
    known = "; ".join(f"{number}: {title}" for number, title in ISSUES.items())
    parser.add_argument("issue", choices=list(ISSUES), help=known)
    select.play_arguments(parser, lifecycle="the issue's own")


def execute(parsed: argparse.Namespace) -> int:
    """Play, tell. Exit status 0 when what the issue claims came out, 1 when not."""
    play = reproduce_345.execute if parsed.issue == "345" else reproduce_146.execute
    return play(parsed)
