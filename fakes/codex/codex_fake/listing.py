"""`thread/list`: the threads that have a file and something said in them, those of earlier processes too.

What a client's filters mean is measured on 0.130.0. In particular a thread of an app-server is of the kind `vscode`:
a client that asks for `appServer` alone gets an empty list.
"""

from __future__ import annotations

import os

from . import rollout, threads
from .wire import RequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .threads import Thread

    Json = dict[str, Any]

_INTERACTIVE = ("cli", "vscode")
_MOST = 25


def page(params: Json, loaded: dict[str, Thread]) -> list[Json]:
    """The first page, newest first unless asked otherwise. Raises RequestError."""
    kinds = _strings(params, "sourceKinds") or list(_INTERACTIVE)
    places = _strings(params, "cwd")
    term = params.get("searchTerm")
    if term is not None and not isinstance(term, str):
        raise RequestError(f"Invalid request: `searchTerm`: expected a string, not {term!r}")
    limit = params.get("limit")
    key = "updatedAt" if params.get("sortKey") == "updated_at" else "createdAt"
    found = []
    for shown in _all(loaded):
        title = shown["name"] or shown["preview"]
        if shown["source"] in kinds and (not places or shown["cwd"] in places) and (not term or term in title):
            found.append(shown)
    # ids sort by age: they decide among those of one second
    found.sort(key=lambda shown: (shown[key], shown["id"]), reverse=params.get("sortDirection") != "asc")
    return found[: limit if isinstance(limit, int) and limit > 0 else _MOST]


def _all(loaded: dict[str, Thread]) -> list[Json]:
    names = rollout.names()
    shown = []
    for path in rollout.paths():
        stored = rollout.load(path)
        if stored is None or not stored.preview:
            continue
        name = names.get(stored.meta["id"])
        thread = loaded.get(stored.meta["id"])
        if thread is None:
            thread = threads.resumed(stored, name, cwd=None, model=None)
        as_json = {**thread.as_json(), "source": _kind(stored.meta.get("source")), "name": name}
        shown.append({**as_json, "updatedAt": int(os.path.getmtime(path))})
    return shown


def _kind(source: Any) -> str:
    if isinstance(source, str):
        return {"mcp": "appServer"}.get(source, source)
    return "subAgent"


def _strings(params: Json, name: str) -> list[str]:
    value = params.get(name)
    values = [value] if isinstance(value, str) else value or []
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise RequestError(f"Invalid request: `{name}`: expected strings, not {value!r}")
    return values
