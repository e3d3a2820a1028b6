"""The version and the usage text that `codex.py` prints before it imports anything else."""

from __future__ import annotations

import os

USAGE = """\
Usage: codex [OPTIONS] <COMMAND>

Commands:
  exec        Run one turn of one conversation
  app-server  Serve threads and turns over newline-delimited JSON-RPC on stdio

Options:
  -h, --help     Print help
  -V, --version  Print version
"""

APP_SERVER_USAGE = """\
Usage: codex app-server [OPTIONS]

Serves threads and turns over newline-delimited JSON-RPC on stdio, until stdin ends.

Options:
  -c, --config <key=value>         Accepted, without effect
      --enable <FEATURE>           Accepted, without effect
      --disable <FEATURE>          Accepted, without effect
      --listen stdio://            The only transport there is
      --analytics-default-enabled  Accepted, without effect
  -h, --help                       Print help
"""

_WITH_VALUE = ("-c", "--config", "--enable", "--disable")
_FLAGS = ("--analytics-default-enabled",)
_LISTEN = ("stdio://",)


stands_for = "0.130.0"
"""What the run stands in for where the environment does not say; a host is of its lifecycle's version."""


def current() -> str:
    """The version that this run stands in for."""
    return os.environ.get("HOOKPROOF_CODEX_VERSION") or stands_for


def unknown_option(options: list[str]) -> str | None:
    """The first of `app-server`'s options that it does not know, or None."""
    rest = iter(options)
    for option in rest:
        name, equals, value = option.partition("=")
        if name in _FLAGS:
            continue
        if name not in _WITH_VALUE and name != "--listen":
            return option
        given = value if equals else next(rest, None)
        if given is None or (name == "--listen" and given not in _LISTEN):
            return option if given is None else given
    return None
