"""Draws shells, jobs, their processes, faults and snapshots. Used by `build`."""

from __future__ import annotations

from hookproof.codex_process import command_of
from hookproof.machine import signal_name
from hookproof.records import plain
from hookproof.records.faults import Fault
from hookproof.records.jobs import Cancel, JobLaunched, JobNeverBegan, JobRefused, JobStarted, Result, SnapshotTaken
from hookproof.records.model import GateAbandoned, GateAnswered, GateReached, GateReleased
from hookproof.records.run import Census, ProcessDied
from hookproof.records.sent import CodexSignal, CodexStarted, CodexTurn, ShellEnded, ShellStarted
from hookproof.report.timeline import phrases
from hookproof.report.timeline.builder import Drawing, draws
from hookproof.report.timeline.lanes import HARNESS, HOOKS, MODEL, SHELLS
from hookproof.report.timeline.model import Arrow, Detail
from hookproof.report.timeline.senders import Sender, sender


class JobDrawing(Drawing):
    """One method a kind of record, named after it."""

    @draws(ShellStarted)
    def on_shell_started(self, record: ShellStarted) -> None:
        """The host starts a shell for an agent."""
        lane = self.lanes.agent(record)
        kind = "a background shell" if record.background else "a shell"
        pid = f", pid {record.pid}" if record.pid else ""
        command = str(record.command or "")
        text = f"{self.lanes.name(lane)} starts {kind}{pid}: {phrases.quoted(command, 60)}"
        row = self.row(record, text, details=[Detail("command", command)])
        self.born(f"shell:{record.run}", SHELLS, "shell", row, owner=lane)
        self.arrow(Arrow(row, lane, SHELLS, "starts"))

    @draws(ShellEnded)
    def on_shell_ended(self, record: ShellEnded) -> None:
        """A shell ends, by itself or by the host."""
        row = self.row(record, f"the shell has {phrases.how_it_ended(record)}")
        self.over(f"shell:{record.run}", row)
        if record.by_host is not None:
            inferred = " (inferred)" if record.inferred else ""
            self.picture.rows[row].text = f"the host ends the shell, {record.by_host}{inferred}"
            self.picture.rows[row].tone = "bad"
            host = self.lanes.process(record.by) or self.lanes.main
            name = signal_name(record.signal) if record.signal else ""
            self.arrow(Arrow(row, host, SHELLS, "signal", name, not record.inferred))
            self.mark(row, SHELLS, "killed")
        else:
            self.mark(row, SHELLS, "death")

    @draws(CodexStarted)
    def on_codex_started(self, record: CodexStarted) -> None:
        """The Codex of a job starts (that of a host is told of with its session)."""
        lane = self.lanes.process(record.pid)
        if lane is None or not lane.startswith("client:"):
            return
        parent = self.lanes.process(record.ppid)
        by = f" by {self.lanes.name(parent)}" if parent else ""
        row = self.row(record, f"Codex is started{by}: {command_of(record.argv)}, pid {record.pid}")
        self.born(f"pid:{record.pid}", lane, "process", row)
        self.mark(row, lane, "birth")
        if parent is not None:
            if parent.startswith("server:"):
                self._known(record.ppid, parent, row)
            self.arrow(Arrow(row, parent, lane, "starts"))

    def _known(self, pid: int, lane: str, row: int) -> None:
        """A process whose birth nobody recorded: it was born after the shell that led to it."""
        if f"pid:{pid}" in self.bars:
            return
        shells = [bar.first for key, bar in self.bars.items() if key.startswith("shell:")]
        self.born(f"pid:{pid}", lane, "process", shells[-1] if shells else row).known_from = row

    @draws(CodexSignal)
    def on_codex_signal(self, record: CodexSignal) -> None:
        """Codex tells of a signal, and the kernel told it of the sender."""
        who, lane = sender(self.view, self.lanes, record), self.lanes.process(record.by)
        if lane is None or who is None:
            return
        name = signal_name(record.signal)
        why = [Detail("how that is known", f"observed: the kernel named pid {record.sender_pid} as the sender")]
        row = self.row(record, f"Codex is sent {name} {who.words} (observed)", details=why)
        self.picture.rows[row].tone = "bad"
        self.arrow(Arrow(row, who.lane, lane, "signal", name))

    @draws(CodexTurn)
    def on_codex_turn(self, record: CodexTurn) -> None:
        """A turn of Codex ends."""
        lane = self.lanes.process(record.by) or self.lanes.main
        if lane == self.lanes.main:
            lane = self.lanes.agent(record)
        if record.state == "started" or record.by in self.lanes.preparing:
            return
        text = f"the turn of {self.lanes.name(lane)} is {record.state}"
        self.row(record, text, "bad" if record.state == "interrupted" else "quiet")

    @draws(ProcessDied)
    def on_process_died(self, record: ProcessDied) -> None:
        """A process that hookproof had adopted is dead."""
        lane = self.lanes.process(record.pid)
        if lane is None or lane in {SHELLS, HOOKS} or self.lanes.lane(lane).kind == "session":
            return
        who = sender(self.view, self.lanes, record) if record.signal else None
        row = self.row(record, f"{self.lanes.name(lane)} (pid {record.pid}) {self._death(record, who)}")
        self.over(f"pid:{record.pid}", row)
        self.mark(row, lane, "killed" if record.signal else "death")
        if record.signal:
            self.picture.rows[row].tone = "bad"
        if who is not None:
            name = signal_name(record.signal) if record.signal else ""
            self.arrow(Arrow(row, who.lane, lane, "signal", name, who.certain))
            self.picture.rows[row].details.append(Detail("how that is known", who.why))

    @staticmethod
    def _death(record: ProcessDied, who: Sender | None) -> str:
        ended = phrases.how_it_ended(record)
        if who is None:
            return f"is {ended}" if record.signal else f"has {ended}"
        return f"is {ended}, {who.words} ({'observed' if who.certain else 'inferred'})"

    @draws(GateReached)
    def on_gate_reached(self, record: GateReached) -> None:
        """The job is at work: its Codex has asked, and hookproof holds the answer back."""
        job = str(record.job)
        lane = self.lanes.codex_of(job)
        text = f"job {job} is at work: its Codex asks the model, and the answer is held back"
        row = self.row(record, text, details=phrases.request_details(record))
        self.born(f"held:{job}", lane, "held", row, label="at work")
        self.arrow(Arrow(row, lane, MODEL, "asks"))

    @draws(GateReleased)
    def on_gate_released(self, record: GateReleased) -> None:
        """The scenario lets the job finish."""
        self.mark(self.row(record, f"hookproof lets job {record.job} finish", "quiet"), HARNESS, "released")

    @draws(GateAnswered)
    def on_gate_answered(self, record: GateAnswered) -> None:
        """The job's Codex has its answer."""
        job = str(record.job)
        row = self.row(record, f"the model answers the Codex of job {job}: its work is done", "told")
        self.over(f"held:{job}", row)
        self.arrow(Arrow(row, MODEL, self.lanes.codex_of(job), "ends"))

    @draws(GateAbandoned)
    def on_gate_abandoned(self, record: GateAbandoned) -> None:
        """The job's Codex has dropped its connection."""
        job = str(record.job)
        row = self.row(record, f"job {job} is at work no longer: its Codex dropped the request, unanswered", "bad")
        self.over(f"held:{job}", row)
        self.mark(row, self.lanes.codex_of(job), "killed")

    @draws(JobStarted)
    def on_job_started(self, record: JobStarted) -> None:
        """The companion has written the job down, and its worker is known."""
        job, saved = str(record.job), record.row or {}
        job_view = self.view.jobs.get(job)
        session = self.view.session_tag(job_view) if job_view is not None else None
        owner = self.lanes.session(session) if session else None
        own = "’s own session" if self.lanes.has_own_session(session) else ""
        tagged = f", written down for {self.lanes.name(owner)}{own}" if owner else ""
        details = [Detail("row in the state file", phrases.pretty(saved)), Detail("alive", _alive(record))]
        row = self.row(record, f"the worker of job {job} is pid {record.worker}{tagged}", details=details)
        for pid in dict.fromkeys(process.pid for process in record.processes or ()):
            lane = self.lanes.process(pid)
            if lane is not None and self.lanes.lane(lane).kind in {"worker", "server"}:
                self._known(pid, lane, row)

    @draws(JobLaunched)
    def on_job_launched(self, record: JobLaunched) -> None:
        """The launch has printed the job's id."""
        self.row(record, f"the launch of job {record.job} came back: {record.id}", "quiet")

    @draws(JobNeverBegan)
    def on_job_never_began(self, record: JobNeverBegan) -> None:
        """A launched job has failed before it was at work."""
        why = f": {phrases.quoted(record.reason)}" if record.reason else ""
        self.row(record, f"job {record.job} never asks its model: its row says {record.status}{why}", "bad")

    @draws(JobRefused)
    def on_job_refused(self, record: JobRefused) -> None:
        """The launch came back without a job."""
        detail = [Detail("what the launch said", str(record.text))]
        row = self.row(record, f"job {record.job} is refused: {phrases.quoted(record.text)}", details=detail)
        self.mark(row, SHELLS, "death")

    @draws(SnapshotTaken)
    def on_snapshot(self, record: SnapshotTaken) -> None:
        """Somebody asks for the status, in several places at once."""
        if not record.places:
            return
        answers = {place: asked.answer for place, asked in record.places.items()}
        details = [Detail("status --all --json", phrases.pretty(answers)), Detail("alive", _alive(record))]
        text = f"status: {phrases.status_phrase(self.view, record, self.job)}"
        self.mark(self.row(record, text, details=details), HARNESS, "look")

    @draws(Fault)
    def on_fault(self, record: Fault) -> None:
        """The scenario has something done to a job that happens to jobs out there."""
        facts = {name: value for name, value in plain(record).items() if name not in {"seq", "at", "kind"}}
        about = f" (job {facts['job']})" if facts.get("job") else ""
        row = self.row(record, f"hookproof, as the scenario has it{about}: {record.what}", "bad")
        self.picture.rows[row].details.append(Detail("the facts", phrases.pretty(facts)))
        self.mark(row, HARNESS, "killed")

    @draws(Cancel)
    def on_cancel(self, record: Cancel) -> None:
        """A user's cancellation has come back, and its job's tree has had time to end."""
        left = f", {len(record.left)} of its processes live on" if record.left else ""
        text = f"job {record.job} is cancelled: exit code {record.exit}{left}"
        details = [Detail("what it said", str(record.text)), Detail("its tree", phrases.pretty(record.tree))]
        self.mark(self.row(record, text, "bad" if left else "plain", details), HARNESS, "look")

    @draws(Result)
    def on_result(self, record: Result) -> None:
        """Somebody asks for the job's result."""
        text = f"the result of job {record.job} is asked for: exit code {record.exit}"
        row = self.row(record, f"{text}, {phrases.quoted(record.text)}")
        self.mark(row, HARNESS, "look")

    @draws(Census)
    def on_census(self, record: Census) -> None:
        """What is alive after every session's end."""
        left = record.processes or []
        what = f"{len(left)} process{'es' if len(left) != 1 else ''} left" if left else "no process is left"
        details = [Detail("alive", _alive(record))] if left else []
        row = self.row(record, f"every session is over: {what}", "bad" if left else "quiet", details)
        self.mark(row, HARNESS, "look")


def _alive(record: JobStarted | SnapshotTaken | Census) -> str:
    processes = record.processes or []
    return "\n".join(f"pid {each.pid}: {' '.join(each.argv)}" for each in processes)
