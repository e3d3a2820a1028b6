"""How a companion's descriptor spells the rows of its jobs, as what reads them needs it: `hookproof.rows` and journals.

Called by the sandbox, which reads state files, by the play, and by the writer of a journal's header.
"""

from __future__ import annotations

from hookproof.catalogue.descriptor import Companion, State, Words
from hookproof.records import parts
from hookproof.records.base import Json
from hookproof.records.parts import Meaning, Saying, StatusShape
from hookproof.rows import Spelling, with_value


def words_of(words: Words) -> parts.Words:
    """The status words as a journal holds them."""
    together = [Saying(fields=dict(word), means=means) for word, means in words.meanings() if isinstance(word, dict)]

    def single(among: list[str | dict[str, str | bool | int]]) -> list[str]:
        return [word for word in among if isinstance(word, str)]

    return parts.Words(
        active=single(words.active),
        succeeded=single(words.succeeded),
        ended=single(words.ended),
        cancelled=words.cancelled if isinstance(words.cancelled, str) else "",
        together=together,
    )


def state_spelling(state: State) -> Spelling:
    """How the rows in the plugin's state are read."""
    fields = {fact: field for fact, field in state.fields.model_dump().items() if field is not None}
    return Spelling(fields, words_of(state.words))


def status_shape(descriptor: Companion) -> StatusShape:
    """How the plugin's status answers."""
    own = {fact: field for fact, field in descriptor.status.fields.model_dump().items() if field is not None}
    return StatusShape(
        rows=list(descriptor.status.rows),
        fields=descriptor.state.fields.model_dump() | own,
        words=words_of(descriptor.status.words or descriptor.state.words),
    )


def saying(state: State, row: Json, means: Meaning) -> Json:
    """The row, changed so that it says in the plugin's words that its job is this."""
    word = next(word for word, meaning in state.words.meanings() if meaning == means)
    # a second word that means something beside the first belongs to what the row said before
    beside = {field for each, _ in state.words.meanings() if isinstance(each, dict) for field in each}
    fields = {state.fields.status: word} if isinstance(word, str) else word
    row = {name: value for name, value in row.items() if name not in beside - {state.fields.status}}
    for field, value in fields.items():
        row = with_value(row, field, value)
    return row


def needed_fields(state: State) -> set[str]:
    """The fields of a row that say what its job is."""
    words = {field for word, _ in state.words.meanings() if isinstance(word, dict) for field in word}
    return {field for field in state.fields.model_dump().values() if field is not None} | words
