"""The closed list of causes: what each says, and by what it is known. Told by `explain`, the reports and the docs.

A cause says who did what to whom. What a job's row says in the end is no part of it: one plugin erases the row of a job
that it has lost, another records the loss properly, a third notices nothing, and all three may have lost it alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

CauseId = Literal["H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9"]
How = Literal["observed", "inferred"]
UNEXPLAINED = "?"
"""In the place of a cause: something was lost, and what was seen fits no cause."""
CAUSE_IDS: tuple[CauseId, ...] = get_args(CauseId)


@dataclass(frozen=True, slots=True)
class Known:
    """A cause of the list."""

    meaning: str
    """Who did what to whom, a clause."""
    known_by: str
    """Which evidence speaks for it."""
    example: str
    """What it left behind where it was measured, or who has reported it."""


CAUSES: dict[CauseId, Known] = {
    "H1": Known(
        "a SessionEnd hook of the job's own session ended it, or erased its row",
        "observed: the kernel names the hook as the sender of the signal to the job's Codex. Inferred: the worker, its "
        "Codex or the shared server died while that hook ran, or after it with no rest between; or the row was there "
        "before it and is gone after it. Whatever the row says then",
        "row and files gone, worker ended, server gone, status empty (codex-plugin-cc 1.0.4; issue #345)",
    ),
    "H2": Known(
        "a SessionEnd hook of another session ended it, or erased its row",
        "as H1, of a hook of a session that the job is not tagged with, and that did not launch it",
        "row still running, worker left with exit code 0, shared server gone (codex-plugin-cc 1.0.4)",
    ),
    "H3": Known(
        "the host ended the shell in which the job ran or was being launched",
        "the host's own record of ending that shell (observed), or how the shell ended and what had just ended "
        "(inferred), and no rest between that and the job's loss",
        "row still running, worker killed with its shell; or, where the shell was quicker to die than the row to be "
        "written, nothing at all: status empty, output file of 0 bytes (Claude Code 2.1.91 and 2.1.329)",
    ),
    "H4": Known(
        "the launch and whoever asks or tears down use different state roots",
        "both roots are seen: in the state, or by the data directories that the launch and a hook were given; and the "
        "job's row, or a server that no job accounts for, is in the one and is missed from the other",
        "row and files in another root, worker alive, status empty (Windows before 2.1.111, documented); or a server "
        "that outlives the session (codex-plugin-cc 1.0.4, launched without the hook's variables)",
    ),
    "H5": Known(
        "an update of the list of jobs was lost",
        "over all looks: an id that a launch printed has no row, a row that was there is gone, went back to an older "
        "state or was never brought up to date, although nobody ended the job and no hook changed its row",
        "fewer rows than ids that launches at once printed, or rows that stay running (codex-plugin-cc 1.0.4: of six "
        "launches at once up to five rows are lost)",
    ),
    "H6": Known(
        "the worker started before its job was written down",
        "no worker of the job ever asked its model, and its row waits for ever; or the worker was dead before the "
        "launch that wrote the row came back; or a worker was at work before it had a row",
        "row queued for ever, worker gone (reported; seen on Windows under Wine)",
    ),
    "H7": Known(
        "nothing was lost: status shows the asking session only its own jobs",
        "the row is there, status in main does not list it, its tag is not main's present session (after /clear and "
        "resume the present one, not the first), and nothing shows that main asks in another root",
        "row there, worker alive, status empty in every other session (codex-plugin-cc 1.0.4)",
    ),
    "H8": Known(
        "the host cut the hook short that was to end the job or clear up",
        "a SessionEnd hook was ended by its host (observed: at which limit, after how long), and what it was to do is "
        "half done: the row of an ended job of its session still says that it is at work, the list is torn, or "
        "processes are left",
        "row still running, worker gone with exit code 0, its hook ended at 1.5 s (codex-plugin-cc #403, #474)",
    ),
    "H9": Known(
        "the list of jobs was torn",
        "a look finds the list damaged, 0 bytes of it or a part (observed), and the scenario has not damaged it",
        "a list of 0 bytes: every job in it is gone for status and teardown (codex-plugin-cc 1.0.5, whose writer was "
        "killed)",
    ),
}
_FILTERED = "status shows the asking session only its own jobs"


def meaning(name: str, *, beside: bool = False) -> str:
    """What a result's `signature` says; of one beside a cause that has lost something, without contradicting that."""
    if name == "H7" and beside:
        return _FILTERED
    known = next((known for each, known in CAUSES.items() if each == name), None)
    return known.meaning if known is not None else "something was lost, and this fits no known cause"
