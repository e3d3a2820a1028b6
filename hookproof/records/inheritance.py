"""What a forked child has from its parent, where only a later request of the parent's shows it.

A host forks a child in the middle of a tool call, and tells both what hooks said of that call. Which of the two asks
its model first is a race (seen in both orders on Codex 0.169.0): where it is the child, the model server does not know
yet that the parent is told the same. Here the whole run is known. Called by whoever reads a journal to say what an
agent was told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hookproof.records.base import Record
from hookproof.records.model import ModelRequest


def with_inheritance(records: list[Record]) -> list[Record]:
    """The records, in which a forked child's first request has each text marked as inherited that is also new in the
    next request of its parent.

    A text that a hook of the child's own and one of its parent's both say at that moment cannot be told from those.
    """
    asked = [record for record in records if isinstance(record, ModelRequest) and not record.aside]
    first: dict[str, ModelRequest] = {}
    for request in asked:
        if request.thread is not None:
            first.setdefault(request.thread, request)
    marked: dict[int, Record] = {}
    for request in first.values():
        if request.parent is None or not any(text.inherited for text in request.texts):
            continue
        later = (each for each in asked if each.thread == request.parent and each.seq > request.seq)
        above = next(later, None)
        if above is not None:
            marked[request.seq] = _marked(request, above)
    return [marked.get(record.seq, record) for record in records]


def _marked(request: ModelRequest, above: ModelRequest) -> ModelRequest:
    shared = Counter(text.key for text in above.texts if text.role != "assistant")
    texts = []
    for text in request.texts:
        also = not text.inherited and shared[text.key] > 0
        shared[text.key] -= also
        texts.append(replace(text, inherited=True) if also else text)
    return replace(request, texts=texts)
