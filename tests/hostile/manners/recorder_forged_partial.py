"""Tells the recorder one record of every kind, each missing everything but its kind."""

from __future__ import annotations

from manner_help import Recorder

KINDS = (
    *("hook.started", "hook.ended", "hook.held", "process.died", "look", "census", "job.launched", "model.request"),
    *("gate.reached", "gate.abandoned", "agent.started", "signal", "host.line", "case", "end", "status"),
    *("shell.started", "swept"),
)


def misbehave(_outside: str, _mark: str) -> None:
    recorder = Recorder()
    for kind in KINDS:
        recorder.tell(kind=kind)
