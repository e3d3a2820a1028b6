"""Lines of a bounded length and JSON of a bounded nesting, however it comes in."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookproof.wire import Line, Lines, Sparing, is_deeper, parse


def read(*chunks: bytes, longest: int = 10) -> list[Line]:
    async def play() -> list[Line]:
        reader = asyncio.StreamReader()
        for chunk in chunks:
            reader.feed_data(chunk)
        reader.feed_eof()
        lines, found = Lines(reader, longest), []
        while (line := await lines.next()) is not None:
            found.append(line)
        return found

    return asyncio.run(play())


def test_a_line_that_is_too_long_keeps_its_beginning_and_its_length() -> None:
    lines = read(b"short\n", b"x" * 5, b"y" * 100_000, b"\n\nlast")
    assert lines == [Line(b"short", 5), Line(b"xxxxxyyyyy", 100_005), Line(b"", 0), Line(b"last", 4, ended=False)]
    assert [line.cut for line in lines] == [False, True, False, False]


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_lines_are_those_of_the_stream_however_it_is_cut_in_pieces(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    lines = read(*chunks)
    ends = [line.ended for line in lines]
    assert [line.data for line in lines] == [each[:10] for each in (expected if expected[-1] else expected[:-1])]
    assert ends == [True] * whole.count(b"\n") + ([False] if expected[-1] else [])


@pytest.mark.parametrize("depth", [1, 2, 5, 255, 256])
@pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}")])
def test_nesting_is_bounded_to_the_level(depth: int, pair: tuple[str, str]) -> None:
    inner = "1" if pair[0] != "[" else ""
    text = (pair[0] * depth + inner + pair[1] * depth).encode()
    assert parse(text) == json.loads(text)
    assert not is_deeper(json.loads(text), depth)
    assert is_deeper(json.loads(text), depth - 1)
    with pytest.raises(ValueError, match="nested deeper than"):
        parse(text, deepest=depth - 1)


@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"a":' * 200_000, b"[" * 257 + b"]" * 257])
def test_however_deep_it_is_it_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"nested|Expecting"):
        parse(data)


def test_a_wide_document_is_not_deep() -> None:
    assert len(parse(b"[" + b",".join([b"[]"] * 1000) + b"]")) == 1000


def test_a_thing_is_told_so_often_and_the_last_time_says_so() -> None:
    told: list[tuple[str, object]] = []
    tell = Sparing(lambda what, **more: told.append((what, more)), 2)
    for number in range(4):
        tell("x", n=number)
    assert [more for _, more in told] == [{"n": 0}, {"n": 1}]
    assert [what for what, _ in told] == ["x", "x; there may be more, which is not told"]
