"""Draws what the host, its sessions, agents, hooks and model do. Used by `build`."""

from __future__ import annotations

from hookproof.judge.agent_view import emitted
from hookproof.records.hosts import HostExited, HostStarted, HostThread, User
from hookproof.records.model import ModelAnswer, ModelRequest
from hookproof.records.run import Error
from hookproof.records.sent import (
    HookEnded,
    HookStarted,
    Notification,
    SessionEnded,
    SessionStarted,
    SubagentEnded,
    SubagentStarted,
    ThreadStarted,
)
from hookproof.report.timeline import phrases
from hookproof.report.timeline.builder import Drawing, draws
from hookproof.report.timeline.lanes import HARNESS, HOOKS, MODEL
from hookproof.report.timeline.model import Arrow, Detail


class AgentDrawing(Drawing):
    """One method a kind of record, named after it."""

    @draws(HostStarted)
    def on_host_started(self, record: HostStarted) -> None:
        lane = self.lanes.process(record.pid) or self.lanes.main
        row = self.row(record, f"{self.lanes.host} starts, for {self.lanes.name(lane)}")
        self.born(f"host:{record.pid}", lane, "session", row)
        self.mark(row, lane, "birth")

    @draws(HostExited)
    def on_host_exited(self, record: HostExited) -> None:
        lane = self.lanes.process(record.pid) or self.lanes.main
        row = self.row(record, f"{self.lanes.host} of {self.lanes.name(lane)} has {phrases.how_it_ended(record)}")
        self.over(f"host:{record.pid}", row)
        self.mark(row, lane, "killed" if record.signal else "death")

    @draws(User)
    def on_user(self, record: User) -> None:
        text = f"the user says {phrases.quoted(record.text)}"
        row = self.row(record, text, details=[Detail("what the user says", str(record.text))])
        self.mark(row, self.lanes.of_session(record.session), "said")

    @draws(HostThread)
    def on_host_thread(self, record: HostThread) -> None:
        lane = self.lanes.of_session(record.session)
        name = self.lanes.name(lane)
        text = {
            "startup": f"{name} begins a thread",
            "clear": f"{name} is cleared: another thread begins",
            "compact": f"the history of {name} has been summed up",
            "fork": f"{name} begins with all that was said in {self.lanes.name(self.lanes.main)}",
        }[record.how]
        row = self.row(record, f"{text}: {str(record.thread)[:8]}…", "quiet")
        if record.how == "fork":
            self.arrow(Arrow(row, self.lanes.main, lane, "starts"))
        else:
            self.mark(row, lane, "birth" if record.how != "compact" else "told")

    @draws(SessionStarted)
    def on_session_started(self, record: SessionStarted) -> None:
        lane = self.lanes.agent(record)
        own = " of its own" if record.agent_id else ""
        whose = self.lanes.name(lane) if own else self.lanes.host
        row = self.row(record, f"{whose} has begun a session{own}: {str(record.session_id)[:8]}…", "quiet")
        self.mark(row, lane, "birth")

    @draws(SessionEnded)
    def on_session_ended(self, record: SessionEnded) -> None:
        lane = self.lanes.agent(record)
        own = "’s own session" if record.agent_id else ""
        row = self.row(record, f"{self.lanes.name(lane)}{own} is over ({record.reason})", "quiet")
        self.mark(row, lane, "death")

    @draws(SubagentStarted)
    def on_subagent_started(self, record: SubagentStarted) -> None:
        lane = self.lanes.agent(record)
        background = ", in the background" if record.background else ""
        row = self.row(record, f"{self.lanes.name(lane)} starts{background}")
        self.born(f"agent:{lane}", lane, "agent", row, owner=lane)
        self.arrow(Arrow(row, self.lanes.process(record.by) or self.lanes.main, lane, "starts"))

    @draws(ThreadStarted)
    def on_thread_started(self, record: ThreadStarted) -> None:
        lane = self.lanes.agent(record)
        if self.lanes.lane(lane).kind == "session":
            return
        row = self.row(record, f"{self.lanes.name(lane)} starts{', ephemeral' if record.ephemeral else ''}")
        self.born(f"agent:{lane}", lane, "agent", row, owner=lane)
        self.arrow(Arrow(row, self.lanes.thread(record.parent_thread_id), lane, "starts"))

    @draws(SubagentEnded)
    def on_subagent_ended(self, record: SubagentEnded) -> None:
        lane = self.lanes.agent(record)
        how = f" ({record.how})" if record.how else ""
        row = self.row(record, f"{self.lanes.name(lane)} returns{how}")
        self.over(f"agent:{lane}", row)
        self.arrow(Arrow(row, lane, self.lanes.main, "ends"))

    @draws(Notification)
    def on_notification(self, record: Notification) -> None:
        lane = self.lanes.session(record.session_id)
        told = "and its model" if record.to_model else "but not its model"
        what = f"the task {record.task_id} is {record.status}"
        self.mark(self.row(record, f"the host tells {self.lanes.name(lane)} {told}: {what}", "told"), lane, "notified")

    @draws(HookStarted)
    def on_hook_started(self, record: HookStarted) -> None:
        run = self.runs[record.run]
        after = self.following.get(record.seq)
        at_once = isinstance(after, HookEnded) and after.run == record.run
        owner, agent = self.lanes.session(record.session_id), self.lanes.agent(record)
        whose = f"in {self.lanes.session_name(owner)}"
        if self.lanes.has_own_session(record.session_id):
            whose = f"in {self.lanes.name(owner)}’s own session"
        elif agent != owner:
            whose = f"for {self.lanes.name(agent)}, in {self.lanes.session_name(owner)}"
        text = f"{record.event} hook {'runs' if at_once else 'starts'} {whose}"
        details = phrases.hook_details(record, run.ended)
        row = self.row(record, text, details=details)
        self.born(f"hook:{record.run}", HOOKS, "hook", row, label=str(record.event), owner=owner)
        self.arrow(Arrow(row, agent, HOOKS, "starts"))
        if isinstance(after, HookEnded) and after.run == record.run:
            self.merged.add(after.seq)
            self._hook_ended(after, row, f"{text}: ")

    @draws(HookEnded)
    def on_hook_ended(self, record: HookEnded) -> None:
        row = self.row(record, "")
        run = self.runs.get(record.run)
        details = phrases.hook_details(run.started, record) if run else []
        self.picture.rows[row].details = details
        self._hook_ended(record, row, f"{record.event} hook ends: ")

    def _hook_ended(self, record: HookEnded, row: int, before: str) -> None:
        run = self.runs.get(record.run)
        context = emitted(run).strip() if run else ""
        text = before + phrases.output(record, context)
        if context and run is not None:
            reached = dict.fromkeys(self.landed.get(record.run, []))
            names = ", ".join(self.lanes.name(lane) for lane in reached)
            text += f", which reaches {names}" if names else ", which reaches no model"
        if run is not None:
            text += f" ({phrases.duration(record.at - run.started.at)})"
        self.picture.rows[row].text = text
        if record.signal or record.ended_by != "itself" or record.exit:
            self.picture.rows[row].tone = "bad"
        self.over(f"hook:{record.run}", row)

    @draws(ModelRequest)
    def on_model_request(self, record: ModelRequest) -> None:
        lane = self.lanes.asker(record)
        notices, contexts = phrases.notices(record), self.contexts_in(record)
        text = f"{self.lanes.name(lane)} asks the model ({record.n})"
        if notices:
            text += ", now told of a task’s end"
        if contexts:
            text += f", now told what the {', '.join(dict.fromkeys(run.event for run in contexts))} hook gave"
        row = self.row(record, text, "told" if notices or contexts else "plain", phrases.request_details(record))
        self.arrow(Arrow(row, lane, MODEL, "asks"))
        if notices:
            self.mark(row, lane, "notified")
        if contexts:
            self.mark(row, lane, "told")
        after = self.following.get(record.seq)
        if after is not None and isinstance(after, ModelAnswer) and after.n == record.n:
            self.merged.add(after.seq)
            self.picture.rows[row].text += f"; it {phrases.answer_phrase(after)}"

    @draws(ModelAnswer)
    def on_model_answer(self, record: ModelAnswer) -> None:
        lane = self.lanes.asker(record)
        answered = f"the model answers {self.lanes.name(lane)} ({record.n})"
        row = self.row(record, f"{answered}: {phrases.answer_phrase(record)}")
        self.arrow(Arrow(row, MODEL, lane, "ends"))

    @draws(Error)
    def on_error(self, record: Error) -> None:
        self.mark(self.row(record, f"{record.where}: {record.what}", "bad"), HARNESS, "killed")
