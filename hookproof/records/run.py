"""Records about a case: its header, its steps, its errors, what was found at the end."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from hookproof.records.base import Json, Record, kind
from hookproof.records.expect import Expectation
from hookproof.records.parts import (
    CaseAgent,
    Isolation,
    JobAnswer,
    LeftFile,
    Patience,
    Process,
    Program,
    SessionEndBudget,
    ShellTimeouts,
    StateRoot,
    StatusShape,
    Words,
)

MainLaunch = Literal["started", "refused"]
"""What a launch from the main session came to."""


@kind("case")
class Case(Record):
    """The first record of a journal: what was played, on what. Written by the harness.

    Names in it are for people; no verdict reads them.
    """

    format: int
    """The format of the journal."""
    scenario: str
    title: str
    plugin: str
    policy: str | None
    """The policy of a reference plugin; null for a plugin of somebody else's."""
    lifecycle: str
    host: Program
    worker: Program
    repeat: int
    requires: list[str] = field(default_factory=list)
    """The requirements that are judged."""
    expect: list[Expectation] = field(default_factory=list)
    """The scenario's own sentences, which are judged as well."""
    hookproof: str = ""
    like: str = ""
    """The measured lifecycle that the host is, or is nearest to."""
    isolation: Isolation | None = None
    """How far it was kept apart from the machine; null where nobody has told."""
    platform: str = ""
    python: str = ""
    main_launch: MainLaunch | None = None
    """Of a plugin with jobs: what a launch from the main session came to before the first case; null: nobody tried."""
    session_end: dict[str, SessionEndBudget] = field(default_factory=dict)
    """The budget of SessionEnd hooks, by the name of each host that is played; without one nobody has told."""
    shell_timeouts: ShellTimeouts | None = None
    """Null where the scenario gives no shell a timeout."""
    patience: Patience | None = None
    """For how long what runs has to stand still to count as settled; null in older journals."""
    subreaper: bool = False
    """Whether the harness adopts what loses its parent, and so sees how it ends."""
    about: str = ""
    """What the scenario is about: `companion`, `context`, `hooks` or `calibration`."""
    profile_prints: str | None = None
    """A line that the login profiles in each home print; null where there are none."""
    jobs: dict[str, JobAnswer] = field(default_factory=dict)
    """Of a plugin with jobs: the jobs of the scenario."""
    words: Words | None = None
    fields: dict[str, str | None] | None = None
    """Of a plugin with jobs: what its rows call their id, status, pid, session, ..."""
    status: StatusShape | None = None
    """Of a plugin with jobs: how its status answers; null where that is as its rows are, in the issue's shape."""
    state_roots: list[str] = field(default_factory=list)
    """Of a plugin with jobs: where its descriptor says that its state is."""
    promises: list[str] = field(default_factory=list)
    """Of a plugin with jobs: what its descriptor says that it promises."""
    job_file: str = ""
    server_pid: str = "pid"
    """Of a plugin with jobs: the name of the pid in what it tells of its server."""
    shared_server: bool = False
    """Of a plugin with jobs: whether its descriptor says that they share a server; false in older journals."""
    says: Json | None = None
    """Of a plugin that tells agents something: the lines by which its texts are known."""
    agents: dict[str, CaseAgent] = field(default_factory=dict)
    records_agents: bool = True
    """Of a plugin that tells agents something: whether its descriptor says where it records agents."""
    ephemeral: bool = False


@kind("end")
class End(Record):
    """The run has ended and everything of it but its journal is removed. Written by the harness."""

    world_removed: bool


@kind("error")
class Error(Record):
    """Something went wrong in the harness or its script: what is judged after it is not certain.

    Written by whichever part of the harness noticed.
    """

    where: str
    what: str
    source: str | None = None
    """Who told something that was refused, and"""
    by: int | None = None
    """its process."""


@kind("stranger")
class Stranger(Record):
    """Somebody without the run's token or key has spoken to it, and was turned away. Written by both servers."""

    what: str


@kind("recorder.broken_off")
class RecorderBrokenOff(Record):
    """A program that sends records died in the middle of one. Written by the recorder."""

    source: str
    by: int
    bytes: int


@kind("step")
class Step(Record):
    """A step of the scenario is done: what it waited for has come. Written by the steps."""

    n: int
    when: str
    do: str | None
    user: str | None
    since: int
    """The sequence number of the record that it waited for."""


@kind("step.skipped")
class StepSkipped(Record):
    """A step of the scenario has nothing to do. Written by the steps."""

    n: int
    when: str
    why: str


@kind("placed")
class Placed(Record):
    """Where a session has its home, its project and the plugin. Written by the harness, of main and of each session
    that has a place of its own.
    """

    session: str
    folder: str
    """All three are in it."""
    plain: bool
    """False: a name on the way to it has a space and, but on Windows, a letter outside ASCII."""
    installed: bool
    """Whether the plugin lies in cache/NAME/VERSION."""


@kind("sessions.end")
class SessionsEnd(Record):
    """Several sessions are ended at the same moment. Written by the harness before it does it."""

    sessions: list[str]


@kind("session.stays")
class SessionStays(Record):
    """A session of a calibration run is kept open while others end. Written by the harness."""

    session: str


@kind("shell.let_go")
class ShellLetGo(Record):
    """Every command that was held goes on. Written by the harness."""


@kind("shell.bared")
class ShellBared(Record):
    """Commands of an agent are kept from what hooks set for its shells (`{bare}`). Written by the harness."""

    agent: str
    dropped: list[str]
    """The variables that the command does not see."""
    unknown: list[str] | None
    """Those that hooks have set and that the plugin's descriptor does not name; null where nobody could compare."""


@kind("settled")
class Settled(Record):
    """The run is at rest: nothing moves until the scenario goes on. Written by the steps that wait for it."""

    alive: int
    """How many processes live on."""


@kind("process.died")
class ProcessDied(Record):
    """A process of the run has ended. Written by the harness, from the death itself."""

    pid: int
    start: int
    code: int | None
    signal: int | None
    observed: bool
    """Whether the harness saw the wait status. Where it did not, code and signal are unknown."""


@kind("strays")
class Strays(Record):
    """What runs at the end without the run's token. Written by the harness."""

    of: str
    """`this case`, or `undecided` where it may as well be another's that was played at the same time."""
    processes: list[Process]


@kind("census")
class Census(Record):
    """What still runs after every session has ended, and what the state files say. Written by the harness."""

    processes: list[Process]
    state: list[StateRoot]
    own: list[Process] = field(default_factory=list)
    """What also ran and is hookproof's own: its tap, a host, a process that a fault has planted."""
    ended: list[Process] = field(default_factory=list)
    """What still ran when the last session was over, and ended by itself before the counting."""


@kind("files.left")
class FilesLeft(Record):
    """What stands in the files that the scenario's own sentences are about. Written by the harness after the census."""

    files: list[LeftFile]
    still_runs: list[Process] = field(default_factory=list)
    """What still ran then and might have written them: they were waited for, for as long as a step may wait."""


@kind("sweep.began")
class SweepBegan(Record):
    """From here on the harness ends what is left: no death after it is anybody else's doing."""


@kind("swept")
class Swept(Record):
    """The sweep has ended. Written by the harness."""

    ended: int
    left: int
