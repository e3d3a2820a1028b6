"""Off the network before a real host is played: shared by the verbs that play."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from hookproof.hosts.names import Program
from hookproof.play import PlayOptions

if TYPE_CHECKING:
    from hookproof.sandbox.isolation import Isolation


def isolated(console: Console, *, allow_network: bool, worker: Program | None = None) -> PlayOptions:
    """The options with which a real host is played, after this process has left the network. Raises IsolationError."""
    from hookproof.sandbox import isolation  # noqa: PLC0415 - only for a real host

    entered = isolation.enter(allow_network)
    if entered.warning:
        console.print(f"[yellow]warning[/] {escape(entered.warning)}")
        for line in entered.may_contact:
            console.print(f"  [dim]{escape(line)}[/]")
    return options_of(entered, worker)


def options_of(entered: Isolation, worker: Program | None = None) -> PlayOptions:
    """The options with which a real host is played in this isolation."""
    return PlayOptions(worker=worker, extra_env=entered.environment, isolation=entered.record())
