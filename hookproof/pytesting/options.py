"""pytest: what was asked for, as verbs of the command line take it: an option, else its ini key, else the project's.

Paths of the ini file are seen from it, those of options from where pytest was begun.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from hookproof.catalogue.own_scenarios import project_file
from hookproof.catalogue.plugin import is_reference
from hookproof.commands import UsageError
from hookproof.commands.projects import STAND_IN, configure
from hookproof.hosts.registry import HOSTS
from hookproof.isolation.level import LEVELS

_PATHS = frozenset({"plugin", "descriptor", "runs"})


def read(config: pytest.Config) -> argparse.Namespace:
    """The options, with what the project file says of the rest. Raises UsageError, CatalogueError."""
    names = ("plugin", "descriptor", "lifecycle", "isolation", "runs", *HOSTS)
    parsed = argparse.Namespace(baseline=None, allow_network=_flag(config, "allow_network"))
    for name in names:
        setattr(parsed, name, _value(config, name))
    for host in HOSTS:
        setattr(parsed, host, getattr(parsed, host) or STAND_IN)
    if parsed.isolation not in {None, *LEVELS}:
        raise UsageError(f"hookproof_isolation = {parsed.isolation}: expected one of {', '.join(LEVELS)}")
    here = config.invocation_params.dir
    configure(parsed, here if project_file(here) is not None else config.rootpath)
    return parsed


def _value(config: pytest.Config, name: str) -> Any:
    given = config.getoption(f"hookproof_{name}")
    if given:
        return Path(given) if name in _PATHS - {"plugin"} else given
    written = config.getini(f"hookproof_{name}") or None
    if written is None or name not in _PATHS or (name == "plugin" and is_reference(written)):
        return written
    path = (config.inipath.parent if config.inipath is not None else config.rootpath) / written
    return str(path) if name == "plugin" else path


def _flag(config: pytest.Config, name: str) -> bool:
    return bool(config.getoption(f"hookproof_{name}") or config.getini(f"hookproof_{name}"))
