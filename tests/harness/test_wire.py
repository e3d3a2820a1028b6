"""Lines of a bounded length, however they come in, and what is told a bounded number of times."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from hookproof.wire import Line, LineReader, Sparing


def read(*chunks: bytes, longest: int = 10) -> list[Line]:
    async def play() -> list[Line]:
        reader = asyncio.StreamReader()
        for chunk in chunks:
            reader.feed_data(chunk)
        reader.feed_eof()
        lines, found = LineReader(reader, longest), []
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


def test_a_thing_is_told_so_often_and_the_last_time_says_so() -> None:
    told: list[tuple[str, object]] = []
    tell = Sparing(lambda what, **more: told.append((what, more)), 2)
    for number in range(4):
        tell("x", n=number)
    assert [more for _, more in told] == [{"n": 0}, {"n": 1}]
    assert [what for what, _ in told] == ["x", "x; there may be more, which is not told"]
