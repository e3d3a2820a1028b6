"""The recorder: the loopback port on which the stand-ins, the tap and the observer report what they do.

Every line is answered with one byte once it has been dealt with, and its sender waits for that: so the journal's order
is the order in which things happened, across processes. What is no record, or none that may be told, is
refused: an `error` record that names the sender takes its place, the sender has its answer all the same, and nobody
else notices. A connection that does not begin with the run's token is closed and told in the journal.

What is taken is bounded, for a plugin has the token too: a line, a connection, a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hookproof import files, records
from hookproof.journal import Journal
from hookproof.loopback import HOST, LoopbackServer
from hookproof.records import Part, Record, Sent
from hookproof.records.base import Pid, part
from hookproof.records.run import Error, RecorderBrokenOff, Stranger
from hookproof.records.sent import ShellHeld
from hookproof.wire import Line, Lines, Sparing

LONGEST_LINE = 32 * 1024 * 1024
"""In bytes. The longest honest one holds 1 MiB of each output of a hook, six times as long where all is escaped."""
MOST_OF_A_RUN = 64 * 1024 * 1024
"""In bytes, of all lines together. A run's are 20 to 300 kB."""
MOST_OF_A_CONNECTION = MOST_OF_A_RUN // 2
"""One that floods leaves the others room."""
MOST_MISFITS = 20
"""Of one connection; then it is closed."""
MOST_STRANGERS = 100
_LONGEST_HELLO = 4096
_OURS = frozenset({"seq", "at", "source", "by"})


@part
class Sender(Part):
    """What a connection begins with, beside the token."""

    source: str
    pid: Pid


class Recorder:
    """Listens from the run's start to its end."""

    def __init__(self, journal: Journal, token: str) -> None:
        self._journal = journal
        self._token = token
        self._loopback = LoopbackServer(self._connection)
        self._goes_on = asyncio.Event()
        self._taken = 0
        self._full = False
        self._stranger = Sparing(lambda what: journal.write(Stranger(what=what)), MOST_STRANGERS)

    async def start(self) -> str:
        """Listen on loopback. Returns host:port."""
        return f"{HOST}:{await self._loopback.start()}"

    def let_go(self) -> None:
        """Let every command that is held go on, now or when it comes."""
        self._goes_on.set()

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._loopback.stop()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = Lines(reader, _LONGEST_HELLO)
            sender = self._introduced(await lines.next())
            if sender is None:
                return
            await _acknowledge(writer)
            lines.longest = LONGEST_LINE
            await _Connection(self._journal, sender, self._room).serve(lines, writer, self._goes_on)
        except ConnectionError:
            pass  # the sender died; what it had sent is in the journal
        except Exception as error:  # whatever it is, it is told here and not by asyncio on the terminal
            self._journal.write(Error(where="recorder", what=f"{type(error).__name__}: {error}"))

    def _introduced(self, line: Line | None) -> Sender | None:
        """Who speaks, as its records will say it; None for one that does not know the token."""
        try:
            hello = files.parse_json(line.data) if line is not None and not line.cut else None
        except ValueError:
            hello = None
        if not isinstance(hello, dict) or hello.get("token") != self._token:
            self._stranger("a connection to the recorder without this run's token was closed")
            return None
        try:
            return _sender(hello)
        except records.MisfitError as error:
            self._journal.write(Error(where="recorder", what=str(error)))
            return None

    def _room(self, size: int) -> bool:
        """Whether a line of this size is still taken; the first that is not is told."""
        if self._full:
            return False
        self._taken += size
        self._full = self._taken > MOST_OF_A_RUN
        if self._full:
            what = f"more than {_mib(MOST_OF_A_RUN)} were told in this run; no more is taken"
            self._journal.write(Error(where="recorder", what=what))
        return not self._full


class _Connection:
    """One sender that knows the token, from its first record to its last."""

    def __init__(self, journal: Journal, sender: Sender, room: Callable[[int], bool]) -> None:
        self._journal = journal
        self._sender = sender
        self._room = room
        self._taken = 0
        self._misfits = 0

    async def serve(self, lines: Lines, writer: asyncio.StreamWriter, goes_on: asyncio.Event) -> None:
        """Take its records until it hangs up, or has sent too much that is none."""
        while self._misfits < MOST_MISFITS and (line := await lines.next()) is not None:
            if not line.ended:
                # it was killed in the middle, which is no fault of anybody's telling
                self._journal.write(RecorderBrokenOff(source=self._sender.source, by=self._sender.pid, bytes=line.size))
                return
            taken = self._take(line)
            await _acknowledge(writer)
            if isinstance(taken, ShellHeld):
                await goes_on.wait()
                await _acknowledge(writer)

    def _take(self, line: Line) -> Record | None:
        """Write one record down, or why it is none. Returns it."""
        if self._taken > MOST_OF_A_CONNECTION:
            return None
        try:
            record = self._record(line)
        except (ValueError, records.MisfitError) as error:
            self._misfits += 1
            last = "; its connection was closed" if self._misfits == MOST_MISFITS else ""
            self._refuse(f"told what is refused: {error}{last}")
            return None
        self._taken += line.size
        if self._taken > MOST_OF_A_CONNECTION:
            self._refuse(f"told more than {_mib(MOST_OF_A_CONNECTION)}; no more is taken of it")
            return None
        if not self._room(line.size):
            return None
        return self._journal.write(record)

    def _refuse(self, what: str) -> None:
        source, pid = self._sender.source, self._sender.pid
        who = f"{records.short(source)} (pid {pid})"
        self._journal.write(Error(where="recorder", what=f"{who} {what}", source=source, by=pid))

    def _record(self, line: Line) -> Sent:
        """What the line tells, as its sender's. Raises ValueError, MisfitError."""
        values = _values(line)
        kind = values.pop("kind", None)
        given = {name: value for name, value in values.items() if name not in _OURS}
        return records.decode(kind, {**given, "source": self._sender.source, "by": self._sender.pid}, Sent)


def _sender(hello: dict[str, Any]) -> Sender:
    """Who begins a connection so. Raises MisfitError."""
    return records.build(Sender, hello, "the first line of a connection")


def _values(line: Line) -> dict[str, Any]:
    """Raises ValueError."""
    if line.cut:
        raise ValueError(f"a line of {line.size} bytes, where {LONGEST_LINE} are the most")
    try:
        value = files.parse_json(line.data)
    except UnicodeDecodeError:
        value = None
    except ValueError as error:
        raise ValueError(f"a line that is no record: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"a line that is no record: {line.data[:60]!r}")
    return value


async def _acknowledge(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\n")
    await writer.drain()


def _mib(size: int) -> str:
    return f"{size // 2**20} MiB"
