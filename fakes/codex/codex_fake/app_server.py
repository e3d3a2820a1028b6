"""`codex app-server`: JSON-RPC over stdio, from the first line to the end of stdin or the signal that ends it.

One thread reads requests and answers them in their order; every turn runs in a thread of its own. When stdin ends the
process exits at once, held turns or not, and the kernel closes what they wait on: that is how a real Codex leaves.
"""

from __future__ import annotations

import json
import os
import sys

from standin.rows import VARIABLE as LIFECYCLE
from standin.wire import Recorder, recorder_of_the_run

from . import signals
from .grandchild import VARIABLE, Grandchild, UnknownModeError
from .methods import Methods
from .turns import Surroundings
from .wire import INTERNAL_ERROR, INVALID_JSON, RequestError, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    from .host import Host


def serve() -> int:
    """Serve on stdin and stdout. Returns only when it cannot begin."""
    recorder = recorder_of_the_run("codex", encode=json.dumps)
    try:
        grandchild = Grandchild(recorder, os.environ.get(VARIABLE))
    except UnknownModeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    signals.watch(lambda *told: _signalled(recorder, *told))
    group = os.getpgid(0) if hasattr(os, "getpgid") else None
    recorder.write("codex.started", argv=sys.argv, pid=os.getpid(), pgid=group, ppid=os.getppid())
    wire = Wire(1)
    try:
        host = _host(recorder)
        wire.says_when = host is not None and host.lifecycle["notifications_say_when"]
        methods = _methods(wire, recorder, grandchild, host)
    except Exception as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    try:
        with open(0, "rb", closefd=False) as stdin:
            _read(stdin, wire, methods)
    except OSError:
        pass  # a stdin that cannot be read has ended
    if host is not None:
        host.close()
    recorder.write("codex.exit", why="stdin closed")
    os._exit(0)


def _host(recorder: Recorder) -> Host | None:
    if not os.environ.get(LIFECYCLE):
        return None
    from . import lifecycle  # noqa: PLC0415 - a worker of a run without one need not pay

    if lifecycle.load() is None:
        return None
    from .host import host_of_the_run  # noqa: PLC0415 - nor a worker of another host's

    return host_of_the_run(recorder)


def _methods(wire: Wire, recorder: Recorder, grandchild: Grandchild, host: Host | None) -> Methods:
    if host is None:
        return Methods(Surroundings(wire, recorder, grandchild))
    from .agents_calls import answer  # noqa: PLC0415 - what a worker never has
    from .hosted_methods import HostMethods  # noqa: PLC0415
    from .hosted_turns import HostSurroundings  # noqa: PLC0415

    return HostMethods(HostSurroundings(wire, recorder, grandchild, host, answer))


def _signalled(recorder: Recorder, number: int, name: str, pid: int, uid: int, parent: int | None) -> None:
    sender = {"sender_pid": pid, "sender_uid": uid, "sender_ppid": parent}
    recorder.write("codex.signal", signal=number, name=name, **sender)


def _read(stdin: IO[bytes], wire: Wire, methods: Methods) -> None:
    for line in stdin:
        if not line.strip():
            continue
        try:
            message = json.loads(str(line, "utf-8"))
        except (ValueError, RecursionError) as error:
            wire.refuse(None, RequestError(f"not a JSON message: {error}", INVALID_JSON))
            continue
        _take(message, wire, methods)


def _take(message: Any, wire: Wire, methods: Methods) -> None:
    if not isinstance(message, dict) or not isinstance(message.get("method", ""), str):
        wire.refuse(None, RequestError("Invalid request: expected an object with a method"))
        return
    request, method, params = message.get("id"), message.get("method"), message.get("params")
    if method is None or request is None:
        return  # an answer to nothing that was asked, or a notification such as `initialized`
    if isinstance(request, bool) or not isinstance(request, int | str):
        wire.refuse(None, RequestError("Invalid request: an id is a string or an integer"))
        return
    try:
        if not isinstance(params, dict):
            raise RequestError("Invalid request: missing field `params`")
        result, then = methods.answer(method, params)
    except RequestError as error:
        wire.refuse(request, error)
        return
    except Exception as error:
        # one request's fault must not end the turns of others
        wire.refuse(request, RequestError(f"{type(error).__name__}: {error}", INTERNAL_ERROR))
        return
    wire.answer(request, result)
    if then is not None:
        then()
