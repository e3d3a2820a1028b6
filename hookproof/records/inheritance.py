"""What a forked child has from its parent, where only a later request of the parent's shows it.

A host forks a child in the middle of a tool call, and tells both what hooks said of that call. Which of the two asks
its model first is a race: where it is the child, the model server does not know yet that the parent is told the same.
Here the whole run is known. Called by whoever reads a journal to say what an agent was told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hookproof.records.base import Record
from hookproof.records.model import ModelRequest


def with_inheritance(records: list[Record]) -> list[Record]:
    """The records, with each text marked as inherited that a forked child's first request shares with the next one of
    its parent.
    """
    asked = [record for record in records if isinstance(record, ModelRequest) and not record.aside]
    first: dict[str, ModelRequest] = {}
    for request in asked:
        if request.thread is not None:
            first.setdefault(request.thread, request)
    marked: dict[int, ModelRequest] = {}
    for request in first.values():
        forked = request.parent is not None and any(text.inherited for text in request.texts)
        later = (each for each in asked if each.thread == request.parent and each.seq > request.seq)
        above = next(later, None) if forked else None
        if above is not None:
            marked[request.seq] = _marked(request, above)
    return [marked.get(record.seq, record) if isinstance(record, ModelRequest) else record for record in records]


def _marked(request: ModelRequest, above: ModelRequest) -> ModelRequest:
    shared = Counter((text.role, text.text.rstrip("\n")) for text in above.texts if text.role != "assistant")
    texts = []
    for text in request.texts:
        key = (text.role, text.text.rstrip("\n"))
        inherited = text.inherited or shared[key] > 0
        if inherited and not text.inherited:
            shared[key] -= 1
        texts.append(replace(text, inherited=inherited))
    return replace(request, texts=texts)
