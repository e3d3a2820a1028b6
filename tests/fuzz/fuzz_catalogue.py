"""hookproof with its catalogue in another place: a copy whose files can be spoiled, and nothing that plays."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from hookproof import places

SCENARIOS = ("jobs/pattern-c", "jobs/launches-at-once", "context/main-session", "context/unknown-agent")
"""Enough of them: every call reads all that there are."""


def import_all() -> None:
    """Every verb, so that what they read by default is known."""
    for verb in ("compare", "explain", "list", "recheck", "report", "run"):
        __import__(f"hookproof.commands.{verb}")


@contextlib.contextmanager
def moved(to: Path) -> Iterator[Path]:
    """The scenarios, the lifecycles and the shipped descriptors are read from copies below `to`."""
    import_all()
    new = {places.SCENARIOS: to / "scenarios", places.FAKES: to / "fakes", places.DESCRIPTORS: to / "descriptors"}
    _copy(new)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SCENARIOS", "FAKES", "DESCRIPTORS"):
            patch.setattr(places, name, new[getattr(places, name)])
        for function in _functions():
            _move_defaults(function, new, patch)
        yield to


def _copy(new: dict[Path, Path]) -> None:
    scenarios, fakes, descriptors = new
    new[scenarios].mkdir(parents=True)
    for path in scenarios.glob("*.toml"):
        shutil.copy(path, new[scenarios])
    for name in SCENARIOS:
        target = new[scenarios] / f"{name}.toml"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(scenarios / f"{name}.toml", target)
    shutil.copytree(fakes, new[fakes], ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(descriptors, new[descriptors])


def _functions() -> Iterator[FunctionType]:
    for module in [module for name, module in sys.modules.items() if name.startswith("hookproof.")]:
        for found in vars(module).values():
            if isinstance(found, FunctionType) and found.__module__ == module.__name__:
                yield found


def _move_defaults(function: FunctionType, new: dict[Path, Path], patch: pytest.MonkeyPatch) -> None:
    """A default that names a place was taken when the module was read."""

    def there(value: Any) -> Any:
        if isinstance(value, Path):
            for old, place in new.items():
                if value.is_relative_to(old):
                    return place / value.relative_to(old)
        return value

    if any(there(each) is not each for each in function.__defaults__ or ()):
        patch.setattr(function, "__defaults__", tuple(map(there, function.__defaults__ or ())))
    named = function.__kwdefaults__ or {}
    if any(there(each) is not each for each in named.values()):
        patch.setattr(function, "__kwdefaults__", {name: there(each) for name, each in named.items()})
