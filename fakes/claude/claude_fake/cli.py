"""The `claude` program: reads command line, stdin and signals, makes the host, runs the session, cleans up."""

from __future__ import annotations

import json
import os
import sys
import threading

from standin.rows import VARIABLE
from standin.wire import recorder_of_the_run

from . import toolbox
from .host import Host
from .lifecycle import Lifecycle, LifecycleError
from .lifecycle import read as read_lifecycle
from .message_queue import Broken, UserTurn
from .options import Options, UsageError, parse
from .plugins import PluginError, loaded
from .session import Session
from .system import READER_CAN_BE_FREED, readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import FrameType
    from typing import Any

    from .plugins import NotLoadedError, Plugin
    from .terminal import Terminal
else:
    # the same, without its enums: half a millisecond
    import _signal as signal

SIGNALS = {name: number for name in ("SIGTERM", "SIGINT", "SIGHUP") if (number := getattr(signal, name, None))}
READER_SECONDS = 5.0
CRASHED = 70


def main(arguments: list[str]) -> int:
    """Run the program; its exit code."""
    try:
        options = parse(arguments)
        lifecycle = read_lifecycle(os.environ.get(VARIABLE))
        if options.version:
            sys.stdout.write(f"{lifecycle['version']} (Claude Code)\n")
            return 0
        plugins, others = loaded(options.plugin_dirs, os.path.expanduser("~"), lifecycle)
        if not options.print:
            return _converse(options, lifecycle.at_terminal(), plugins, others)
        prompt = _prompt(options)
    except (UsageError, LifecycleError, PluginError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        return _live(options, lifecycle, plugins, others, prompt)
    except LifecycleError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _converse(options: Options, lifecycle: Lifecycle, plugins: list[Plugin], others: list[NotLoadedError]) -> int:
    """The session of somebody at a terminal."""
    if sys.platform == "win32" or not (os.isatty(0) and os.isatty(1)):
        raise UsageError("Error: this stand-in of claude converses at a terminal of POSIX only; call it with -p.")
    from .terminal import Terminal  # noqa: PLC0415 - cannot be imported everywhere

    options.output_format = "terminal"
    terminal = Terminal()
    try:
        return _live(options, lifecycle, plugins, others, options.prompt, terminal)
    finally:
        terminal.close()


def _live(
    options: Options,
    lifecycle: Lifecycle,
    plugins: list[Plugin],
    others: list[NotLoadedError],
    prompt: str | None,
    terminal: Terminal | None = None,
) -> int:
    recorder = recorder_of_the_run("claude", encode=json.dumps)
    for other in others:
        recorder.write("plugin.not_loaded", plugin=other.plugin, release=lifecycle.name, unfit=other.unfit)
    host = Host(lifecycle, options, plugins, recorder, terminal.show if terminal is not None else None)
    signals = Signals(host)
    threading.excepthook = lambda crash: _crashed(host, crash)
    reader = None
    if terminal is not None:
        if prompt is not None:
            host.queue.put(UserTurn(prompt))
        reader = threading.Thread(target=terminal.read, args=(host.queue, host.until_ending), daemon=True)
        reader.start()
    elif options.input_format == "stream-json":
        reader = threading.Thread(target=_read_turns, args=(host,), daemon=True)
        reader.start()
    else:
        host.queue.put(UserTurn(prompt or ""))
        host.queue.close()
    code = Session(host, toolbox.find, terminal).run()
    host.stop_waiting()
    if reader is not None and READER_CAN_BE_FREED:
        reader.join(READER_SECONDS)
    host.hooks.beside.leave()
    recorder.close()
    demanded = signals.close()
    return CRASHED if host.crashed else code if demanded is None else demanded


def _crashed(host: Host, crash: threading.ExceptHookArgs) -> None:
    """A thread of the host has died of a fault in this program: nobody may wait for it for ever."""
    host.crashed = True
    assert crash.exc_value is not None
    sys.excepthook(crash.exc_type, crash.exc_value, crash.exc_traceback)
    host.break_off()


def _prompt(options: Options) -> str:
    """What text input asks: the argument, or all of stdin."""
    if options.input_format == "stream-json":
        return ""
    prompt = options.prompt if options.prompt is not None else _stdin()
    if not prompt.strip():
        raise UsageError(
            "Error: Input must be provided either through stdin or as a prompt argument when using --print"
        )
    return prompt


def _stdin() -> str:
    """All of it, as UTF-8: Windows would take it for text of its own code page."""
    return sys.stdin.buffer.read().decode("utf-8", "replace").replace("\r\n", "\n")


def _read_turns(host: Host) -> None:
    """Read stdin line by line, until its end or the host's."""
    rest = b""
    while readable(0, host.until_ending):
        chunk = os.read(0, 65536)
        if not chunk:
            _take_line(host, rest)
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            _take_line(host, line)
    host.queue.close()


def _take_line(host: Host, line: bytes) -> None:
    if not line.strip():
        return
    try:
        message = json.loads(line)
        kind = message["type"]
        if kind == "user":
            host.queue.put(UserTurn(_text(message["message"]["content"])))
        elif kind == "control_request":
            host.stream.control_response(host.main, message["request_id"], message["request"]["subtype"])
    except (ValueError, KeyError, TypeError) as error:
        host.queue.put(Broken(f"Error parsing streaming input line: {line.decode('utf-8', 'replace')}: {error!r}"))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content if block["type"] == "text")


class Signals:
    """Ends the host when it is asked to go. The handler only writes to a pipe; a thread does the work."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._taken = 0
        self._reads, self._writes = os.pipe()
        for number in SIGNALS.values():
            signal.signal(number, self._handle)
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of a handler
        if not self._taken:
            self._taken = number
            os.write(self._writes, b"!")

    def _wait(self) -> None:
        if os.read(self._reads, 1):
            self._host.break_off()

    def close(self) -> int | None:
        """Stop listening. The exit code that the signal demands, or None where none came."""
        os.close(self._writes)
        self._thread.join()
        if not self._taken:
            return None
        codes: dict[str, int | str] = self._host.lifecycle["signal_exit_codes"]
        name = next(name for name, number in SIGNALS.items() if number == self._taken)
        demanded = codes.get(name, 128 + self._taken)
        if isinstance(demanded, str):
            # it does not exit, it ends itself by that signal
            os.kill(os.getpid(), getattr(signal, demanded))
            signal.pause()
        assert isinstance(demanded, int)
        return demanded
