"""Who takes part in a run: every agent, session and process of a journal, and the lane that it has.

A stand-in tells of its agents and processes by itself; of a real host only the requests to the model, the hook runs and
the deaths are known. Both are read here, so that a picture does not depend on which it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from hookproof.catalogue.scenario import MAIN
from hookproof.codex_process import command_of
from hookproof.hosts import registry
from hookproof.records import Record
from hookproof.records.hosts import HostStarted, HostThread
from hookproof.records.jobs import JobStarted, SnapshotTaken
from hookproof.records.model import GateReached, ModelAnswer, ModelRequest
from hookproof.records.run import Case, Census
from hookproof.records.sent import (
    CodexStarted,
    CodexTurn,
    HookStarted,
    SessionEnded,
    SessionStarted,
    ShellStarted,
    SubagentEnded,
    SubagentStarted,
    ThreadStarted,
)
from hookproof.report.timeline.model import Lane

HOOKS, SHELLS, MODEL, HARNESS = "hooks", "shells", "model", "hookproof"
_MOST_OF_A_KIND = 8
_UNNAMED = "thread"
OfAgent = SessionStarted | SessionEnded | SubagentStarted | SubagentEnded | ShellStarted
"""Records of Claude Code that are about an agent."""
OfThread = ThreadStarted | CodexTurn
"""Records of Codex that are about a thread."""
_ORDER = ("model", "session", "agent", "hooks", "shells", "worker", "server", "client", "hookproof")
_CROWDS = {"agent": "more agents", "worker": "more workers", "server": "more servers", "client": "more Codex"}


class Lanes:
    """The lanes of a journal, and which of them a record is about."""

    def __init__(self, records: list[Record]) -> None:
        case = next((record for record in records if isinstance(record, Case)), None)
        host = registry.named(case.host.name) if case is not None else None
        self.host = (host or next(iter(registry.HOSTS.values()))).title
        self._lanes: dict[str, Lane] = {}
        self._agents: dict[str, str] = {}
        self._threads: dict[str, str] = {}
        self._sessions: dict[str, str] = {}
        self._pids: dict[int, str] = {}
        self._own: set[str] = set()
        self._types: dict[str, int] = {}
        self._gates: dict[str, str] = {}
        self._shared: dict[str, str] = {}
        self.preparing: set[int] = set()
        self._add(Lane(MODEL, "model", "Model", "scripted by hookproof"))
        self._add(Lane(HOOKS, "hooks", "Hooks", "of the plugin"))
        self._add(Lane(SHELLS, "shells", "Shells", "of the agents"))
        self._add(Lane(HARNESS, "hookproof", "hookproof", "looks on"))
        for record in records:
            self._meet_agents(record)
        self._meet_processes(records)

    def _add(self, lane: Lane) -> str:
        self._lanes.setdefault(lane.key, lane)
        return lane.key

    def _meet_agents(self, record: Record) -> None:
        match record:
            case HostStarted():
                name = record.session
                title = "Main session" if name == MAIN else f"Session {name}"
                key = self._add(Lane(f"session:{name}", "session", title, f"{self.host}, pid {record.pid}"))
                self._agents.setdefault(name, key)
                self._pids[record.pid] = key
                if record.session_id:
                    self._sessions[record.session_id] = key
            case HostThread():
                name, thread = record.session, record.thread
                key = self._agents.get(name) or self._add(
                    Lane(f"session:{name}", "session", f"Session {name}", "forked from the main session")
                )
                self._agents.setdefault(name, key)
                self._threads.setdefault(thread, key)
                self._sessions.setdefault(thread, key)
            case SessionStarted():
                key = self._agents.get(str(record.agent_id), self._pids.get(record.by or 0, self.main))
                self._sessions.setdefault(str(record.session_id), key)
                if record.agent_id:
                    self._own.add(str(record.session_id))
            case SubagentStarted():
                self._subagent(record)
            case ThreadStarted():
                self._thread(record)
            case ModelRequest():
                self._asker(record)

    def _subagent(self, record: SubagentStarted) -> None:
        kind, agent = str(record.agent_type or "subagent"), str(record.agent_id)
        if agent in self._agents:
            return
        self._types[kind] = number = self._types.get(kind, 0) + 1
        key = self._add(
            Lane(f"agent:{agent}", "agent", _short(kind), f"subagent {number}" if number > 1 else "subagent")
        )
        self._agents[agent] = self._agents[f"{kind}#{number}"] = key
        self._agents.setdefault(kind, key)
        root = record.root_session_id
        if root and record.session_id and record.session_id != root:
            self._sessions[str(record.session_id)] = key
            self._own.add(str(record.session_id))

    def _thread(self, record: ThreadStarted) -> None:
        thread, name = str(record.thread_id), record.marker
        host = self._pids.get(record.by or 0)
        if thread in self._threads:
            return
        if record.parent_thread_id is None and host is not None and host not in self._threads.values():
            key = host
        else:
            role, nickname = record.agent_role, record.agent_nickname
            note = " ".join(str(each) for each in (role, nickname) if each) or _UNNAMED
            key = self._add(Lane(f"agent:{thread}", "agent", _short(str(name or nickname or _UNNAMED)), note))
        self._threads[thread] = self._sessions[thread] = self._agents[thread] = key
        if name:
            self._agents.setdefault(str(name), key)

    def _asker(self, record: ModelRequest) -> None:
        """A real host tells of an agent only by asking the model for it."""
        name, thread = str(record.agent), record.thread
        if thread is not None and thread in self._agents:
            # an agent that its host has told of already, under the id that its requests have too
            self._agents.setdefault(name, self._agents[thread])
        if name not in self._agents and (thread is None or thread not in self._threads):
            note = str(record.subagent or "subagent")
            self._agents[name] = self._add(Lane(f"agent:{thread or name}", "agent", _short(name), note))
        if thread is not None:
            known = self._lanes.get(self._threads.get(str(thread), ""))
            if known is not None and known.title == _UNNAMED:
                self._lanes[known.key] = Lane(known.key, "agent", _short(name), known.note)
            self._threads.setdefault(thread, self._agents.get(thread) or self._agents.get(name, self.main))
            self._sessions.setdefault(str(thread), self._threads[str(thread)])

    def _meet_processes(self, records: list[Record]) -> None:
        for record in records:
            if isinstance(record, HookStarted | ShellStarted) and record.pid:
                self._pids.setdefault(record.pid, HOOKS if isinstance(record, HookStarted) else SHELLS)
        jobs = [record for record in records if isinstance(record, JobStarted) and record.worker is not None]
        for record in jobs:
            if record.worker is None:
                continue
            title = "Worker" if len(jobs) == 1 else f"Worker of {record.job}"
            note = f"of the job, pid {record.worker}"
            self._pids.setdefault(record.worker, self._add(Lane(f"job:{record.job}", "worker", title, note)))
        for pid in _servers(records):
            if pid not in self._pids:
                self._pids[pid] = self._add(Lane(f"server:{pid}", "server", "Server", f"of the companion, pid {pid}"))
        self._meet_codex(records, hosted=self.host == registry.WORKER.title and not jobs)
        turns = {str(r.thread_id): r.by for r in records if isinstance(r, CodexTurn) and r.by}
        for record in records:
            if isinstance(record, GateReached):
                self._gates[str(record.job)] = self._pids.get(turns.get(str(record.thread), 0), "")

    def _meet_codex(self, records: list[Record], *, hosted: bool) -> None:
        for record in records:
            if isinstance(record, CodexStarted) and record.pid not in self._pids:
                if hosted:
                    self.preparing.add(record.pid)
                    continue
                command = command_of(record.argv)
                lane = Lane(f"client:{record.pid}", "client", registry.WORKER.title, f"{command}, pid {record.pid}")
                self._pids[record.pid] = self._add(lane)

    @property
    def main(self) -> str:
        """The lane of the main session."""
        return next((key for key, lane in self._lanes.items() if lane.kind == "session"), HARNESS)

    def of_session(self, name: object) -> str:
        """The lane of a session of the scenario."""
        return self._agents.get(str(name), self.main)

    def asker(self, record: ModelRequest | ModelAnswer) -> str:
        """The lane of the agent whose request or answer this is."""
        thread = record.thread if isinstance(record, ModelRequest) else None
        if thread is not None and thread in self._threads:
            return self._threads[thread]
        return self._agents.get(str(record.agent), self.main)

    def agent(self, record: OfAgent | OfThread | HookStarted) -> str:
        """The lane of the agent that a host's record is about, by its thread, its agent, its session."""
        if isinstance(record, OfThread):
            return self.thread(record.thread_id)
        thread = record.thread_id if isinstance(record, HookStarted) else None
        found = self._threads.get(thread or "") or self._agents.get(record.agent_id or "")
        return found or self.session(record.session_id)

    def thread(self, thread: str | None) -> str:
        """The lane of a thread of Codex."""
        return self._threads.get(thread or "", self.main)

    def session(self, session_id: str | None) -> str:
        """The lane to whose session something belongs."""
        return self._sessions.get(session_id or "", self.main)

    def has_own_session(self, session_id: object) -> bool:
        """Whether a session is a subagent's own."""
        return str(session_id) in self._own

    def process(self, pid: object) -> str | None:
        """The lane of a process."""
        return self._pids.get(pid) if isinstance(pid, int) else None

    def codex_of(self, job: str) -> str:
        """The lane of the Codex that does a job: its own, else (of a real one little is known) its worker's."""
        return self._gates.get(job) or (f"job:{job}" if f"job:{job}" in self._lanes else HARNESS)

    def lane(self, key: str) -> Lane:
        """A lane by its key."""
        return self._lanes[key]

    def name(self, key: str) -> str:
        """What a sentence calls a lane."""
        lane = self._lanes[key]
        match lane.kind:
            case "session":
                return "main session" if lane.key == self.main else f"session “{lane.key.partition(':')[2]}”"
            case "agent":
                return f"{'thread' if 'thread' in lane.note else 'subagent'} {lane.title}"
            case "worker" | "server":
                return f"the {lane.title[0].lower()}{lane.title[1:]}"
        return lane.title

    def session_name(self, key: str) -> str:
        """What a sentence calls the session of a lane."""
        return self.name(key) if self._lanes[key].kind == "session" else f"{self.name(key)}’s session"

    def in_order(self, used: Iterable[str]) -> list[Lane]:
        """The lanes that are used, in the order of a picture. Beyond eight of a kind the rest share a lane."""
        wanted = set(used)
        shown: list[Lane] = []
        for kind in _ORDER:
            mine = [lane for lane in self._lanes.values() if lane.kind == kind and lane.key in wanted]
            if kind in _CROWDS and len(mine) > _MOST_OF_A_KIND:
                rest = mine[_MOST_OF_A_KIND - 1 :]
                mine = mine[: _MOST_OF_A_KIND - 1]
                mine.append(Lane(f"more:{kind}", rest[0].kind, f"{len(rest)} {_CROWDS[kind]}", "share this lane"))
                self._shared |= {lane.key: f"more:{kind}" for lane in rest}
            shown += mine
        return shown

    def drawn_in(self, key: str) -> str:
        """The lane in which something is drawn: its own, or the one that it shares."""
        return self._shared.get(key, key)


def _servers(records: list[Record]) -> list[int]:
    """The companion's own servers: what its state files name, and what started a Codex without being the worker."""
    named = [
        entry.server["pid"]
        for record in records
        if isinstance(record, SnapshotTaken | Census)
        for entry in record.state
        if entry.server is not None and isinstance(entry.server.get("pid"), int)
    ]
    known = {process.pid for record in records if isinstance(record, JobStarted) for process in record.processes}
    started = [record.ppid for record in records if isinstance(record, CodexStarted)]
    return list(dict.fromkeys([*named, *(pid for pid in started if pid in known)]))


def _short(name: str) -> str:
    """An agent's name without its plugin: codex:codex-rescue is codex-rescue in a narrow column."""
    return name.rpartition(":")[2] or name
