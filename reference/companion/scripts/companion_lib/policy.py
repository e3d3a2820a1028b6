"""The policies: named switches whose defaults are 1.0.4 as issue #345 tells it, and a row for each other way.

A copy of the plugin plays the policy that its file `policy` names in one line: `correct`, `fix-1-refuse+young-session`,
`correct+server=shared`. What follows a `+` is a name of SWITCHES or `switch=value`.
"""

from __future__ import annotations

import os

SCRIPTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
PLUGIN_ROOT = os.path.dirname(SCRIPTS)


class UnknownPolicyError(Exception):
    """The file `policy` names what there is not."""


class Policy:
    """One way of behaving. The values here are those of `as-reported`."""

    texts = "as-reported"  # as-reported | documented: what the rescue command and agent say
    state_root = "plugin-data"  # plugin-data: that variable, else the temporary directory | home: needs no variable
    tags_with = "shell"  # whose job it is: the shell's session | its parent variable | the root it descends from
    server = "shared"  # shared: one Codex a workspace, behind a broker | own: one Codex a job, the worker's child
    refuses_in_subagent = False  # --background, where a hook or a marker variable shows a subagent
    refuses_younger_than = 0.0  # seconds: --background in a session younger than that
    shuts_server_at_session_end = True  # whoever uses it
    ends_jobs_at_session_end = True  # those tagged with the session
    forgets_jobs_at_session_end = True  # those tagged with the session, finished ones too
    shows_every_session = False  # `status --all` lists the workspace, not only the asking session
    locks_state = False  # changed under a lock, replaced whole, rebuilt from the job files when damaged
    notices_death = False  # a job without a living process becomes failed, with the reason
    cancel_ends_job = True  # what runs of it, and what has yet to start; else only its row changes
    dead_row_blocks = False  # nothing is launched while a row says that its job is at work and its process is dead
    knows_zombies = False  # a process that is dead and that nobody has reaped is dead; else all that has a pid lives
    checks_identity = False  # ends (pid, start time) identities and a job's whole tree, not whatever group has the pid
    cap_spares_active = False  # only a job that is over is ever forgotten for a newer one
    names_job_while_waiting = False  # a waiting launch says at once, on stderr, which job it waits for
    bounds_environment = False  # the session's environment file holds each export once

    def __init__(self, switches: dict[str, object]) -> None:
        for name, value in switches.items():
            setattr(self, name, value)


SWITCH_NAMES = [name for name in vars(Policy) if not name.startswith("_")]

CORRECT: dict[str, object] = {
    "texts": "documented",
    "state_root": "home",
    "tags_with": "root",
    "server": "own",
    "shuts_server_at_session_end": False,
    "ends_jobs_at_session_end": False,
    "forgets_jobs_at_session_end": False,
    "shows_every_session": True,
    "locks_state": True,
    "notices_death": True,
    "knows_zombies": True,
    "checks_identity": True,
    "cap_spares_active": True,
    "names_job_while_waiting": True,
    "bounds_environment": True,
}

POLICIES: dict[str, dict[str, object]] = {
    "as-reported": {},
    "fix-1-refuse": {"refuses_in_subagent": True},
    "fix-2-retag": {"tags_with": "parent"},
    "fix-3-document": {"texts": "documented"},
    "keep-background": {name: False for name in SWITCH_NAMES if name.endswith("_at_session_end")},
    "correct": CORRECT,
}

SWITCHES: dict[str, dict[str, object]] = {
    "young-session": {"refuses_younger_than": 60.0},
    "cancel-marks-only": {"cancel_ends_job": False},
    "blind-to-death": {"notices_death": False},
    "blind-to-zombies": {"knows_zombies": False},
    "cap-drops-active": {"cap_spares_active": False},
    "dead-row-blocks": {"dead_row_blocks": True, "notices_death": False},
    "environment-grows": {"bounds_environment": False},
    "two-state-roots": {"state_root": "plugin-data"},
}


def parse(line: str) -> Policy:
    """The policy that a line names. Raises UnknownPolicyError, which says what there is instead."""
    name, *additions = line.strip().split("+")
    if name not in POLICIES:
        raise UnknownPolicyError(f"no policy is called {name!r}; there are: {', '.join(POLICIES)}")
    switches = dict(POLICIES[name])
    for addition in additions:
        switch, _, text = addition.partition("=")
        switches.update(SWITCHES.get(addition) or {switch: _value(switch, text)})
    return Policy(switches)


def _value(switch: str, text: str) -> object:
    if switch not in SWITCH_NAMES:
        known_switches = ", ".join([*SWITCHES, *SWITCH_NAMES])
        raise UnknownPolicyError(f"no switch is called {switch!r}; there are: {known_switches}")
    default = getattr(Policy, switch)
    known: dict[str, object]
    if isinstance(default, bool):
        known = {"yes": True, "no": False}
    elif isinstance(default, float):
        known = {text: float(text)} if text.isdigit() else {"a number of seconds": default}
    else:
        known = {str(value): value for value in (default, *(row.get(switch, default) for row in POLICIES.values()))}
    if text not in known:
        raise UnknownPolicyError(f"{switch} takes {' or '.join(known)}, not {text!r}")
    return known[text]


def state_root(rules: Policy) -> str:
    """Where everything is kept. Hook and shell must come to the same answer, though they see different variables."""
    if rules.state_root == "home":
        return os.path.join(os.path.expanduser("~"), ".codex-companion")
    temporary = os.environ.get("TMPDIR") or os.environ.get("TEMP") or "/tmp"  # noqa: S108 - as 1.0.4
    return os.environ.get("CLAUDE_PLUGIN_DATA") or os.path.join(temporary, "codex-companion")


def of_this_plugin() -> Policy:
    with open(os.path.join(PLUGIN_ROOT, "policy"), encoding="utf-8") as file:
        return parse(file.readline())
