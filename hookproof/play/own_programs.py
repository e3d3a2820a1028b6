"""Which of a run's processes are hookproof's own, so that no plugin is charged with them. Called when a run is counted.

They are told by who they are and not by what they are called where that is possible: the hosts that were started, the
processes that a fault has planted. The tap with its relay, the observer and `hold` are started by others: they are told
by the file that their interpreter was given. A stand-in that the plugin itself starts, as its worker does the Codex of
a job, is the plugin's.
"""

from __future__ import annotations

from hookproof import places, processes
from hookproof.journal import Journal
from hookproof.records.faults import PidPlanted, PidReused, WorkerWoken
from hookproof.records.hosts import HostStarted
from hookproof.records.jobs import JobQueued

_FOLDERS = tuple(places.FAKES / name for name in ("tap", "observer", "hold"))
_FIRST_WORDS = 6
"""Behind these of a command line stands nothing that decides which program an interpreter runs."""


def is_own(info: processes.ProcessInfo, journal: Journal, group: processes.CaseProcesses) -> bool:
    """Whether a process of the run is hookproof's own."""
    identity = info.identity
    if group.spawned(identity) and any(host.pid == identity.pid for host in journal.of(HostStarted)):
        return True
    planted = {(each.pid, each.start) for each in journal.of(PidPlanted)}
    planted |= {(each.pid, each.start) for each in journal.of(PidReused)}
    woken = {each.pid for each in journal.of(WorkerWoken)}
    # stopped before its first instruction, and nobody has let it go on
    planted |= {(each.worker, each.start) for each in journal.of(JobQueued) if each.worker not in woken}
    if (identity.pid, identity.start) in planted:
        return True
    return any(_is_program(word) for word in info.argv[:_FIRST_WORDS])


def _is_program(word: str) -> bool:
    return any(word.startswith(str(folder)) and word.endswith(".py") for folder in _FOLDERS)
