"""Does one job, from claiming it to recording its end: in a detached process of its own, or in the `task` that waits.

With a server of its own the job's Codex is this process's child, and whatever ends either of them ends up in the row.
With the shared server the worker is only a client: when the server goes away it says nothing and leaves the row as is.
"""

from __future__ import annotations

from . import jobs, processes
from .codex_client import CodexClient, ServerGoneError
from .state import Row, Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import FrameType
else:
    import _signal as signal  # `signal` gives each number a name, for twice the time that all else here takes


def work(workspace: Workspace, job_id: str, when_begun: Callable[[], None] = lambda: None) -> None:
    """Do the job if it is still there to be done. What came of it is in its record."""
    job = jobs.claim(workspace, job_id)
    if job is None:
        return
    converse = _with_own_server if workspace.policy.server == "own" else _with_shared_server
    try:
        result = converse(workspace, job, lambda client: client.run(**job["request"], when_begun=when_begun))
    except ServerGoneError as gone:
        if workspace.policy.notices_death:
            jobs.finish(workspace, job_id, "failed", errorMessage=str(gone))
    except SystemExit as stopped:
        jobs.finish(workspace, job_id, "failed", errorMessage=str(stopped))
    except Exception as error:  # whatever Codex or this machine did wrong, somebody waits for the job's end
        jobs.finish(workspace, job_id, "failed", errorMessage=str(error) or type(error).__name__)
    else:
        jobs.finish(workspace, job_id, "completed", result=result)


def _with_shared_server(workspace: Workspace, _job: Row, talk: Callable[[CodexClient], str]) -> str:
    from . import server  # noqa: PLC0415 - threads and sockets, which a job with its own server never needs

    with server.connect(workspace) as connection, connection.makefile("rb") as reader:
        return talk(CodexClient(reader, connection.makefile("wb")))


def _with_own_server(_workspace: Workspace, job: Row, talk: Callable[[CodexClient], str]) -> str:
    _on_signals(_stop)
    codex = processes.start(["codex", "app-server"], jobs.environment_of(job["id"]), job["logFile"])
    try:
        return talk(CodexClient(codex.stdout, codex.stdin))
    except ServerGoneError:
        raise ServerGoneError("codex app-server went away in mid-turn") from None
    finally:
        _on_signals(signal.SIG_IGN)
        codex.close()
        processes.end_tree(f"{jobs.MARK}={job['id']}", None, None)


def _stop(number: int, _frame: FrameType | None) -> None:
    import signal  # noqa: PLC0415 - see above

    raise SystemExit(f"its worker was ended by {signal.Signals(number).name}")


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)
