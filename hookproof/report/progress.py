"""Progress while cases run: a bar and what is being played on a terminal, a plain line for each case elsewhere.

Nothing of it outlives its `with` block: the thread that keeps the bar moving is joined. It starts threads, so it is
entered after `isolation.enter`, which needs a process without any.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hookproof.judge.verdict import BaselineStatus
from hookproof.report.results import Result
from hookproof.report.terminal import MARKS, cause, is_live

_TICK_SECONDS = 0.25
_MOST_SHOWN = 6
"""Cases under way that are named below the bar."""


class Progress(Protocol):
    """What shows the progress of a run. The threads that play cases call it."""

    def started(self, scenario: str, plugin: str, lifecycle: str, repeat: int) -> None:
        """A case begins."""

    def finished(self, each: Result) -> None:
        """A case is over and judged."""

    def show(self, text: str) -> None:
        """One line for people."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def progress(console: Console, total: int, *, surprises: bool = True, quiet: bool = False) -> Progress:
    """What suits the console.

    `surprises` marks what was not expected; a story that expects violations leaves it out. `quiet` leaves no lines of
    single cases.
    """
    return (LiveProgress if is_live(console) else PlainProgress)(console, total, surprises=surprises, quiet=quiet)


class PlainProgress:
    """One line per finished case, numbered; the wall clock of a case is its own."""

    def __init__(self, console: Console, total: int, *, surprises: bool = True, quiet: bool = False) -> None:
        self._console = console
        self._total = total
        self._quiet = quiet
        self._surprises = surprises
        self._done = 0
        self._lock = threading.Lock()

    def started(self, scenario: str, plugin: str, lifecycle: str, repeat: int) -> None:
        """Called when the run has ended."""

    def finished(self, each: Result) -> None:
        """Print its line."""
        if self._quiet:
            return
        with self._lock:
            self._done += 1
            number = f"{self._done:>{len(str(self._total))}}/{self._total} "
            self._console.print(Text.from_markup(number + line(each, surprises=self._surprises)), soft_wrap=True)

    def show(self, text: str) -> None:
        """Print it."""
        self._console.print(Text(text), soft_wrap=True)

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to end."""


class LiveProgress:
    """A bar, the counts, and the cases under way with their time; what was not expected stays above it."""

    def __init__(self, console: Console, total: int, *, surprises: bool = True, quiet: bool = False) -> None:
        self._console = console
        self._total = total
        self._quiet = quiet
        self._surprises = surprises
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._done = 0
        self._unexpected = 0
        self._playing: dict[str, float] = {}
        self._stopped = threading.Event()
        self._live = Live(console=console, auto_refresh=False, transient=True, get_renderable=self._shown)
        self._ticking = threading.Thread(target=self._tick, name="progress", daemon=True)

    def started(self, scenario: str, plugin: str, lifecycle: str, repeat: int) -> None:
        """Name it below the bar."""
        with self._lock:
            self._playing[_name(scenario, plugin, lifecycle, repeat)] = time.monotonic()

    def finished(self, each: Result) -> None:
        """Count it; a line stays only of what was not expected."""
        with self._lock:
            self._done += 1
            self._unexpected += not each.expected
            self._playing.pop(_name(each.scenario, each.plugin, each.lifecycle, each.repeat), None)
        if not self._quiet and (not self._surprises or not each.expected):
            text = Text.from_markup(line(each, surprises=False))
            self._live.console.print(text, no_wrap=True, overflow="ellipsis")

    def show(self, text: str) -> None:
        """Prints a line above the bar, where it stays."""
        self._live.console.print(Text(text))

    def __enter__(self) -> LiveProgress:
        self._live.start()
        self._ticking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._ticking.join()
        self._live.stop()

    def _tick(self) -> None:
        while not self._stopped.wait(_TICK_SECONDS):
            self._live.refresh()

    def _shown(self) -> RenderableType:
        with self._lock:
            done, unexpected, playing = self._done, self._unexpected, dict(self._playing)
        now = time.monotonic()
        counts = f"{done}/{self._total}  {now - self._began:.0f} s"
        if self._quiet:
            counts += "  played again, alone"
        elif self._surprises:
            counts += f"  {unexpected} unexpected"
        head = Table.grid(padding=(0, 2))
        head.add_row(ProgressBar(self._total, done, width=30), Text(counts))
        lines = [Text(f"  {now - since:4.0f} s  {name}", style="dim", no_wrap=True) for name, since in playing.items()]
        return Group(head, *(each for each in lines[:_MOST_SHOWN]))


def line(each: Result, *, surprises: bool) -> str:
    """One finished case, as markup."""
    surprise = "  [bold red]unexpected[/]" if surprises and not each.expected else ""
    partly = "  [yellow]partly played[/]" if each.partly_played else ""
    known = "  [dim]known[/]" if each.expected and each.baseline is BaselineStatus.KNOWN else ""
    name = escape(_name(each.scenario, each.plugin, each.lifecycle, each.repeat))
    longer = f"  [dim]{escape(each.shell_timeouts.short)}[/]" if each.shell_timeouts and each.played_longer else ""
    return f"{MARKS[each.verdict]}{cause(each)} {name} [dim]{each.seconds:.2f} s[/]{longer}{partly}{known}{surprise}"


def _name(scenario: str, plugin: str, lifecycle: str, repeat: int) -> str:
    return f"{scenario}{f' #{repeat}' if repeat > 1 else ''} · {plugin} · {lifecycle}"
