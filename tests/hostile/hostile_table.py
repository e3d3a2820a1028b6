"""The bad manners of a hook, one row each: on which events, what they need, and how a run with them must end.

`python tests/hostile/hostile_table.py [--isolation LEVEL]` prints the rows as a Markdown table, with what is right at
that level of isolation.
"""

from __future__ import annotations

import argparse
import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hookproof.isolation.level import LEVELS, Level

Need = Literal["linux", "perl", "ordinary user", "small disk", "ssh-agent"]
Ends = Literal["conforms", "unknown", "violates"]

SCENARIOS = ("jobs/pattern-a", "jobs/pattern-c")
REPEATS = 2
"""Two cases of pattern A begin side by side, and the first hook run of all is in one of them; pattern C comes after."""
START, PROMPT, END = "SessionStart", "UserPromptSubmit", "SessionEnd"
EVERY = (START, PROMPT, "SubagentStart", "PreToolUse", "PostToolUse", END)


@dataclass(frozen=True, slots=True)
class Manner:
    """One bad manner. The case in which it misbehaves is the affected one; all others must conform."""

    name: str
    events: tuple[str, ...]
    ends: tuple[Ends, ...] = ("conforms",)
    """What the affected case may come to. More than one where the plugin's own luck decides."""
    names: str = ""
    """What must be told of an affected case that does not conform: an expression, looked for in errors and details."""
    once: bool = True
    """Whether it misbehaves in one hook run of all, or in every one."""
    needs: tuple[Need, ...] = ()
    windows: bool = False
    """Whether Windows has it too."""
    timeout: int | Literal["as it is"] | None = "as it is"
    """What the copy's hooks file declares; None is nothing at all."""
    patience: int | None = None
    """Seconds for each step of the run, where one is certain to run out."""
    jobs: int = 2
    """Cases at a time: one where a process is left that shows no case, and not again when they are played alone."""
    reads: bool = True
    """Whether the hook reads what the host says."""
    version: str = ""
    """What the copy's manifest says of its version."""
    escapes: tuple[Level, ...] | None = None
    """At which levels of isolation it gets out of the sandbox; None where it does not try."""
    ends_hookproof: tuple[Level, ...] = ()
    """At which levels hookproof itself is ended: then the next start must clear all away."""

    @property
    def module(self) -> str:
        """The file in `manners/`."""
        return self.name.replace("-", "_")

    @property
    def differs(self) -> tuple[Level, ...]:
        """The levels at which something else is right than at the first."""
        return tuple(level for level in LEVELS if level in {*(self.escapes or ()), *self.ends_hookproof})

    def does(self) -> str:
        """What it does, in the words of its file."""
        file = Path(__file__).parent / "manners" / f"{self.module}.py"
        told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        assert told is not None, file
        return told


SOON = 15
"""Seconds for a step that will not come: long for a busy machine, short for a test."""
EVIL = "1\x1b]0;pwned\x07\x1b[2J\n::error file=a::b\r ##[error]c<script>alert(1)</script>\u202e"
_LINUX: tuple[Need, ...] = ("linux",)
_LEFT: tuple[Ends, ...] = ("violates",)
"""JOB-07: nothing may be left behind, and what is left is told."""
_CUT: tuple[tuple[Ends, ...], str] = (("violates", "conforms"), r"HOOK-01.*(cut short|ended) by its host")
"""HOOK-01: a hook that its host has to end has failed; not tested where the machine is slower than its timeout."""
_STATE: tuple[Ends, ...] = ("conforms", "unknown")
"""The list is of no use any more: unknown, where something is left that it would account for."""

TABLE = (
    Manner("control", (), windows=True),
    # hooks that do not end
    Manner("hang", (START,), *_CUT, timeout=2, windows=True),
    Manner("hang-no-timeout", (START,), ("unknown",), START, patience=SOON, timeout=None, windows=True),
    Manner("hang-prompt", (PROMPT,), *_CUT, timeout=2, windows=True),
    Manner("hang-end", (END,), windows=True),
    Manner("ignore-term", (START,), *_CUT, timeout=2, needs=_LINUX),
    # what they print
    Manner("print-100mb", (START,), timeout=60, windows=True),
    Manner("print-100mb-stderr", (START,), timeout=60, windows=True),
    Manner("print-endless", (START,), *_CUT, timeout=2, windows=True),
    Manner("invalid-utf8", (START,), ("violates",), r"HOOK-01.*exited 2", windows=True),
    Manner("nuls", (START,), windows=True),
    Manner("close-stdout", (START,), windows=True),
    Manner("never-read-stdin", EVERY, ("violates", "conforms"), once=False, reads=False, windows=True),
    Manner("deep-json-stdout", (START,), windows=True),
    Manner("surrogates-stdout", (START,), windows=True),
    Manner("escapes-in-output", (PROMPT,), ("unknown",), patience=SOON, version=EVIL, windows=True),
    # processes
    Manner("grandchild-holds", (START,), ("unknown",), START, patience=SOON, windows=True),
    Manner("daemon-clean-env", (START,), _LEFT, r"JOB-07.*sleep", jobs=1, needs=_LINUX),
    Manner("daemon-clean-env-keeps-pipes", (START,), ("unknown",), START, jobs=1, patience=SOON, needs=_LINUX),
    Manner("title-overwritten", (PROMPT,), _LEFT, r"JOB-07.*(perl|31557)", needs=("linux", "perl")),
    Manner("exec-other", (START,), *_CUT, timeout=2, needs=_LINUX),
    Manner("kill-parent", (START,), ("violates",), r"HOOK-01.*signal 9", needs=_LINUX),
    Manner("kill-grandparent-host", (PROMPT,), ("unknown",), r"host of session.*signal 9", needs=_LINUX),
    Manner("kill-group", (START,), ("unknown",), r"host of session.*signal 9", needs=_LINUX),
    Manner("spawn-500", (PROMPT,), _LEFT, r"JOB-07.*500 of 500.*sleep", timeout=60, needs=_LINUX),
    Manner("respawner", (PROMPT,), _LEFT, r"JOB-07.*pair\.py", needs=_LINUX),
    Manner("busy-grandchild", (PROMPT,), _LEFT, r"JOB-07.*while", patience=SOON, needs=_LINUX),
    Manner("non-dumpable", (PROMPT,), _LEFT, r"JOB-07.*hook\.py", jobs=1, needs=("linux", "ordinary user")),
    Manner("ssh-agent", (PROMPT,), _LEFT, r"JOB-07.*ssh-agent", jobs=1, needs=("linux", "ordinary user", "ssh-agent")),
    # files
    Manner("delete-stage", (PROMPT,), ("unknown",), r"host|sandbox|directory", needs=_LINUX),
    Manner("delete-stage-end", (END,), ("violates", "unknown"), r"HOOK-01|state", needs=_LINUX),
    Manner("delete-own-plugin", (START,), ("unknown", "violates"), patience=SOON, needs=_LINUX),
    Manner("fill-tmp", (PROMPT,), ("unknown",), r"host|space", jobs=1, needs=("linux", "small disk")),
    Manner("unreadable-dir", (END,), needs=("linux", "ordinary user")),
    Manner("state-huge", (END,), _STATE, r"state\.json", windows=True),
    Manner("state-deep", (END,), ("unknown",), r"state\.json", windows=True),
    Manner("state-deep-early", (PROMPT,), ("unknown", "violates"), patience=SOON, windows=True),
    Manner("state-fifo", (PROMPT,), ("unknown", "violates"), patience=SOON, needs=_LINUX),
    Manner("state-device", (END,), ("unknown",), r"state\.json", needs=_LINUX),
    Manner("state-odd-types", (END,), windows=True),
    Manner("state-surrogates", (END,), windows=True),
    Manner("state-symlink-out", (END,), ("unknown",), r"state\.json", needs=_LINUX, escapes=()),
    # hookproof's own ports
    Manner("recorder-garbage", (START,), ("unknown",), r"recorder", windows=True),
    Manner("recorder-deep", (START,), ("unknown",), r"recorder", windows=True),
    Manner("recorder-forged-one", (PROMPT,), ("unknown",), r"hook\.started|recorder", windows=True),
    Manner("recorder-forged-partial", (PROMPT,), ("unknown",), r"hook\.started|recorder", windows=True),
    Manner("recorder-forged-survival", (END,), ("unknown",), r"forger.*gate\.answered", windows=True),
    Manner("recorder-flood", (START,), ("conforms", "unknown"), r"recorder|journal", timeout=60, windows=True),
    Manner("recorder-17mb-line", (START,), ("unknown",), r"recorder", windows=True),
    Manner("model-flood", (START,), ("conforms", "unknown"), r"model", timeout=60, windows=True),
    Manner("model-steals-step", (PROMPT,), ("conforms", "unknown"), r"model", windows=True),
    # out of the sandbox
    Manner("read-secrets", (START,), needs=_LINUX, escapes=("none",)),
    Manner("write-outside", (START,), windows=True, escapes=("none",)),
    Manner("netns", (START,), needs=_LINUX, escapes=("none",)),
    Manner("read-harness-env", (START,), needs=_LINUX, escapes=("none",)),
    # hookproof itself
    Manner("kill-harness", (START,), needs=_LINUX, ends_hookproof=("without-pids", "none")),
    Manner("stop-harness", (START,), needs=_LINUX, ends_hookproof=("none",)),
)


def markdown(level: Level) -> str:
    """The table at this level of isolation, for people."""
    lines = [
        "| manner | what the hook does | on | the affected case | the others | left | escape |",
        "|---|---|---|---|---|---|---|",
    ]
    for manner in TABLE:
        on = ", ".join(manner.events) if len(manner.events) < len(EVERY) else "every event"
        on = f"{on or 'nothing'}{', once' if manner.once and manner.events else ''}"
        affected = "none" if not manner.events else " or ".join(manner.ends)
        if manner.names and manner.ends != ("conforms",):
            affected += f" (`{manner.names}`)".replace("|", "\\|")
        others = "conform" if manner.once else "are affected too"
        left = "nothing"
        if level in manner.ends_hookproof:
            affected = others = "hookproof is gone"
            left = "nothing after the next start"
        escape = "–" if manner.escapes is None else "open" if level in manner.escapes else "closed"
        does = " ".join(manner.does().split())
        lines.append(f"| {manner.name} | {does} | {on} | {affected} | {others} | {left} | {escape} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--isolation", choices=LEVELS, default=LEVELS[0])
    print(markdown(parser.parse_args().isolation), end="")
