"""Reads one TOML file of the catalogue into its model, and reports all mistakes at once.

The text of a CatalogueError is for the person who wrote the file: file, path inside it, what was expected, what was
found, and the nearest right word where there is one.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from hookproof import files
from hookproof.errors import HookproofError

Model = TypeVar("Model", bound="Strict")


class Strict(BaseModel):
    """A table of the catalogue: unknown keys are mistakes, and what was read does not change afterwards."""

    # a program that reads no file of a kind does not make its validator: a tenth of what a start of hookproof costs
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class CatalogueError(HookproofError):
    """A file of the catalogue that is missing or wrong. One line per mistake."""

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {mistake}" for mistake in mistakes))
        self.path = path
        self.mistakes = mistakes


def read_table(path: Path) -> dict[str, Any]:
    """The TOML table in `path`. Raises CatalogueError when it cannot be read or parsed."""
    try:
        return files.read_toml(path)
    except files.FileError as error:
        raise CatalogueError(path, [error.reason]) from None


def validate(path: Path, table: dict[str, Any], model: type[Model]) -> Model:
    """`table` as `model`. Raises CatalogueError with all mistakes, each with its path inside the file."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise CatalogueError(path, [_mistake(dict(item), model) for item in error.errors()]) from None


def read(path: Path, model: type[Model]) -> Model:
    """The file at `path` as `model`."""
    return validate(path, read_table(path), model)


def _mistake(item: dict[str, Any], model: type[Strict]) -> str:
    location = item["loc"]
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    if item["type"] == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else (f"; known here: {', '.join(known)}" if known else "")
        return f"{where}: unknown key{hint}"
    found = item.get("input")
    shown = "" if isinstance(found, dict) else f", found {found!r}"
    return f"{where or 'the file'}: {item['msg'].removeprefix('Value error, ')}{shown}"


def _keys_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """The keys of the table at a place; none where nothing tells which table is meant there."""
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_in(hint: Any) -> type[BaseModel] | None:
    """The one model that a type is made of, as `list[Expect]` and `Told | None` are; None where there are several."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    found = {each for inner in get_args(hint) if (each := _model_in(inner)) is not None}
    return found.pop() if len(found) == 1 else None
