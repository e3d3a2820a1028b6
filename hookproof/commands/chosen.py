"""From the words of `run` and the project file to scenarios: ids and globs of ids, files, folders, globs of files.

An id is one of hookproof's own scenarios or of the project's. A word that fits no id is a place on disk.
"""

from __future__ import annotations

import difflib
import fnmatch
import os
from collections.abc import Sequence
from pathlib import Path

from hookproof.catalogue.own_scenarios import ENDING, is_shipped, scenarios_below, toml_below, with_ids
from hookproof.catalogue.scenario import Scenario, read_scenario, scenario_files, scenario_id
from hookproof.commands import UsageError

_SHOWN = 6
_WILD = "*?["


def scenarios_named(words: Sequence[str], own: Sequence[Path] = ()) -> list[Scenario]:
    """The scenarios that any of the words names; without words all of hookproof's, and `own`.

    Only what was asked for is read: parsing every file costs as much as a tenth of a short run. Raises UsageError for
    a word that names nothing, OwnScenarioError, CatalogueError.
    """
    files = {scenario_id(path): path for path in scenario_files()}
    shipped = set(files)
    mine = with_ids(list(own), shipped)
    files |= mine
    chosen: dict[str, None] = {} if words else dict.fromkeys(files)
    named: list[Path] = []
    for word in words:
        fitting = [] if _is_place(word) else _fitting(word, files)
        if fitting:
            chosen |= dict.fromkeys(fitting)
        else:
            named += _places(word, files)
    files |= with_ids([*own, *(path for path in named if not is_shipped(path))], shipped)
    chosen |= dict.fromkeys(scenario_id(path) for path in named)
    # a file below hookproof's own that is none of the played ones, such as one of calibration, was named by its path
    files |= {scenario_id(path): path for path in named if is_shipped(path)}
    return [read_scenario(path) for name, path in files.items() if name in chosen]


def _fitting(word: str, files: dict[str, Path]) -> list[str]:
    return [name for name in files if fnmatch.fnmatchcase(name, word) or fnmatch.fnmatchcase(name, f"*/{word}")]


def _is_place(word: str) -> bool:
    """Whether a word can only mean a place on disk: no id ends so, or begins so."""
    return word.endswith((ENDING, "/")) or Path(word).is_absolute() or word.startswith((".", "~"))


def _places(word: str, files: dict[str, Path]) -> list[Path]:
    """The scenario files of a word that is no id. Raises UsageError."""
    place = Path(word).expanduser()
    if place.is_dir():
        found = scenarios_below(place)
        if not found:
            raise UsageError(f"{word}: holds no scenario{_there(place)}")
        return found
    if place.exists():
        if not place.is_file():
            raise UsageError(f"{word}: is no file; expected a scenario, a folder of scenarios, or an id")
        return [place]
    if any(mark in word for mark in _WILD):
        found = [path for path in _glob(place) if path.is_file() and path.suffix == ENDING]
        if found:
            return sorted(found)
    if _is_place(word):
        what = "no file fits" if any(mark in word for mark in _WILD) else "there is no such file or folder as"
        raise UsageError(f"{what} {word!r}{_there(_nearest(place))}")
    near = difflib.get_close_matches(word, list(files), n=1, cutoff=0.4)
    if near:
        raise UsageError(f"no scenario fits {word!r}; did you mean {near[0]!r}? (`hookproof list` shows all)")
    some = ", ".join(list(dict.fromkeys(name.partition("/")[0] + "/*" for name in files))[:_SHOWN])
    raise UsageError(f"no scenario fits {word!r}; there is: {some} (`hookproof list` shows all)")


def _glob(pattern: Path) -> list[Path]:
    import glob  # noqa: PLC0415 - only for a word that is one

    return [Path(each) for each in glob.glob(str(pattern), recursive=True)]  # noqa: PTH207 - it may be absolute


def _nearest(place: Path) -> Path:
    """The folder above a place that is there, of a glob the one before its first wildcard."""
    parts = place.parts
    wild = next((at for at, part in enumerate(parts) if any(mark in part for mark in _WILD)), len(parts) - 1)
    folder = Path(*parts[:wild]) if parts[:wild] else Path()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def _there(folder: Path) -> str:
    """What scenarios a folder has, or at least which TOML files, as the end of an error."""
    where = "here" if folder == Path() else f"in {folder}"
    found = scenarios_below(folder)
    other = [] if found else toml_below(folder)
    if not found and not other:
        return f" (there is no TOML file {where})"
    names = [_seen(path) for path in found or other]
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    what = f"{where} there is" if found else f"the TOML files {where} are none"
    return f"; {what}: {', '.join(names[:_SHOWN])}{more}"


def _seen(path: Path) -> str:
    return Path(os.path.relpath(path)).as_posix()
