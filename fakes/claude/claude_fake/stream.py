"""The output of `claude -p`: stream-json lines, or only the results.

One stream per host, written by all its threads, a whole line at a time. Which keys a line has, and in which order, is
the lifecycle's `stream_keys`; a kind of line that it does not list is not printed.
"""

from __future__ import annotations

import json
import os
import threading
import time

from standin.rows import pick

from .identity import new_uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .hook_output import Outcome
    from .identity import Identity
    from .lifecycle import Lifecycle
    from .system import HookProcess


REFUSED = "Hook JSON output validation failed"


def timestamp() -> str:
    """Now, as the host writes it."""
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03d}Z"


class Stream:
    """The host's standard output."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        output_format: str,
        show: Callable[[str], None] | None = None,
        *,
        tells_all_hooks: bool = False,
    ) -> None:
        self._keys: dict[str, list[str]] = lifecycle["stream_keys"]
        self._control_error = lifecycle["control_error"]
        self._every_result = lifecycle["text_output"] == "every result"
        self._format = output_format
        self._lock = threading.Lock()
        self._last_result: dict[str, Any] | None = None
        self._results = 0
        self.tells_all_hooks = tells_all_hooks
        """Whether it tells of every hook, and not only of those of a session's start."""
        self.show = show
        """Where a person reads the answers; None where there is a stream or a pipe instead."""

    def line(self, kind: str, who: Identity, **values: Any) -> None:
        """Print one line of a kind, if there is a stream and the lifecycle knows the kind."""
        if self._format == "stream-json" and kind in self._keys:
            self._print(json.dumps(self._line(kind, who, values), separators=(",", ":"), ensure_ascii=False))

    def _line(self, kind: str, who: Identity, values: dict[str, Any]) -> dict[str, Any]:
        category, _, subtype = kind.partition("/")
        known = {
            "type": category,
            "subtype": subtype or None,
            "session_id": who.root_session_id,
            "uuid": new_uuid(),
            "timestamp": timestamp(),
            **values,
        }
        return pick(self._keys[kind], known)

    def _print(self, text: str) -> None:
        unwritten = memoryview(text.encode("utf-8", "replace") + b"\n")
        with self._lock:
            while unwritten:
                try:
                    unwritten = unwritten[os.write(1, unwritten) :]
                except OSError:
                    self._format = "nobody reads it"
                    return

    def result(self, who: Identity, **values: Any) -> None:
        """Print the result of a turn, in whatever format was asked for."""
        self._last_result = self._line("result", who, {"result_index": self._results, **values})
        self._results += 1
        self.line("result", who, result_index=self._results - 1, **values)
        if self._format == "text" and self._every_result:
            self._print(("\n" if self._results > 1 else "") + str(values["result"]))
        if self.show is not None and values["result"]:
            self.show(f"● {values['result']}")

    def close(self) -> None:
        """Print what is printed only once, at the end."""
        if self._last_result is None or self.show is not None:
            return
        if self._format == "json":
            self._print(json.dumps(self._last_result, separators=(",", ":"), ensure_ascii=False))
        elif self._format == "text" and not self._every_result:
            self._print(str(self._last_result["result"]))

    def control_response(self, who: Identity, request_id: str, asked: str) -> None:
        """The answer to a control request: this host knows none. Its input up to there has been taken in."""
        error = f"Unsupported control request subtype: {asked}"
        response = {"subtype": "error", "request_id": request_id, "error": error, **self._control_error}
        self.line("control_response", who, response=response)

    def hook_started(self, who: Identity, run: dict[str, Any], name: str) -> None:
        """A hook begins. `run` is what the journal calls it, `name` what the stream does."""
        self.line("system/hook_started", who, hook_id=run["run"], hook_name=name, hook_event=run["event"])

    def hook_response(
        self, who: Identity, run: dict[str, Any], name: str, process: HookProcess, outcome: Outcome, cut: bool
    ) -> None:
        """A hook has ended; `cut`: by the host. The reason for refusing an output stands in the place of its stderr."""
        stdout, stderr = process.out.shown("stdout")["stdout"], process.err.shown("stderr")["stderr"]
        if outcome.output == "refused" and not outcome.refused_by_exit:
            stderr = f"{REFUSED}: {outcome.problem}"
        self.line(
            "system/hook_response",
            who,
            hook_id=run["run"],
            hook_name=name,
            hook_event=run["event"],
            output=stdout + stderr,
            stdout=stdout,
            stderr=stderr,
            exit_code=1 if cut else process.exit,
            outcome="cancelled" if cut else "error" if outcome.problem or outcome.refused_by_exit else "success",
        )

    def hook_message(self, who: Identity, event: str, message: str) -> None:
        """A hook's systemMessage, which is for the user alone."""
        self.line("system/informational", who, content=f"{event} says: {message}", level="notice")
