"""The processes of this machine, by the platform at hand: identified, ended, inherited, and watched until they die."""

from __future__ import annotations

import asyncio

from hookproof.processes.base import Activity, Identity, Instant, OnDeath
from hookproof.processes.platform import native


def instant() -> Instant:
    """Now, on the clock with which the kernel stamps process starts; for `since`.

    Linux: seconds since boot, suspended time included, which no correction of the wall clock moves. Elsewhere:
    seconds since the epoch. Not comparable between machines or boots.
    """
    return native.instant()


def machine_identity() -> dict[str, str]:
    """What pids and instants of this process are relative to: machine, and on Linux its boot and pid namespace."""
    return native.machine_identity()


def identify(pid: int) -> Identity | None:
    """Who has `pid` now; None when nobody has it, or a zombie, or (Windows) one that we may not ask."""
    return native.identify(pid)


def is_alive(identity: Identity) -> bool:
    """Whether this very process lives. A zombie is dead; another one with its pid is another one."""
    return native.is_alive(identity)


def is_unreaped(identity: Identity) -> bool:
    """Whether this very process is dead and its parent has not taken its status: a zombie. Never on Windows."""
    return native.is_unreaped(identity)


def activity(identity: Identity) -> Activity | None:
    """How much this very process has worked so far, all its threads; None when it is dead."""
    return native.activity(identity)


def signal_process(identity: Identity, number: int) -> bool:
    """Send signal `number` to this very process; never to another that got its pid. False when it is gone.

    Linux: through a pidfd, compared after opening, so without a race. Windows: every signal is TerminateProcess with
    the number as exit code, as os.kill does it, through a handle compared after opening. Elsewhere: compared just
    before signalling, which leaves microseconds. Raises PermissionError when the process is not ours to signal.
    """
    return native.signal_process(identity, number)


def kill(identity: Identity) -> bool:
    """End this very process, which cannot refuse (SIGKILL, TerminateProcess). Else as `signal_process`."""
    return native.kill(identity)


def adopt_orphans() -> str | None:
    """Hold all that this process will start together, until its end: for a process that does nothing but play.

    Linux: it becomes a subreaper. Windows: it goes into a job that ends with it, and whatever is started from then on
    is in that job too, whoever breaks away from those of its case. Elsewhere there is nothing to hold with.
    Returns why it could not be done, in one sentence, or None; what each case holds together remains.
    """
    return native.adopt_orphans()


def become_subreaper() -> bool:
    """Have orphans below this process adopted by it, so that how they ended can be observed. Linux only.

    Of the whole process and until its end. It is visible to those below: their parent's pid becomes ours instead of 1
    when theirs dies. False where there is no such thing or it is refused.
    """
    return native.become_subreaper()


def is_subreaper() -> bool:
    """Whether orphans below this process are adopted by it."""
    return native.is_subreaper()


def reap_adopted(*, only_spawn_detaches: bool = False) -> int:
    """Take the status of dead children that nobody waits for; returns how many. Call it when a case ends.

    Guaranteed: taken are only children that this process did not start (it adopted them as a subreaper), and those
    of `spawn` whose Child was closed while they lived. Whatever anybody in this process started by subprocess,
    asyncio, multiprocessing or os.fork keeps its status, and what a DeathWatch watches is left to that.

    How adoption is told: a child that we start is in our session or leads one of its own, so a child in a third
    session was adopted. One that leads a session was adopted if nothing here started it (a Popen that names it, a fork,
    a thread on which it hangs would tell), and it began while a case was open, or a census or a DeathWatch saw it
    alive with a token. What led a session, and lived and died unseen while no case was open, stays a zombie until this
    process ends, unless the caller promises that `only_spawn_detaches`: that nothing else in this process starts
    children in sessions of their own (start_new_session). Then no adopted zombie stays.
    """
    return native.reap_adopted(only_spawn_detaches=only_spawn_detaches)


class DeathWatch:
    """Calls `on_death` in the thread of `loop` when a watched process dies, by event and never by looking again.

    Any process of ours can be watched, child or not. The `exit` of a Death is there

    - of a child that `spawn` started: always;
    - of a child that this process adopted (`become_subreaper`) or started by other means: always. An adopted one is
      reaped; the status of one that somebody else here started is read and left to them;
    - of any other on Linux: when its parent has not reaped it by the time that the event is here, or always from
      Linux 6.15; of any other on Windows: always;
    - else it is None.

    Use it from the thread of `loop`, and close it before the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_death: OnDeath) -> None:
        self._watcher = native.watch_deaths(loop, on_death)

    def watch(self, identity: Identity) -> bool:
        """Watch this very process. True: exactly one Death of it is reported, unless closed before.

        False: it is dead already and nothing more can be learned of it. A zombie whose status we may read is reported
        as a Death. Watching twice is watching once. Raises OSError when no file descriptor or handle is left.
        """
        return self._watcher.watch(identity)

    def close(self) -> None:
        """Watch nothing any more. May be called twice."""
        self._watcher.close()
