"""The screen: what is to be read when a program paints it in pieces."""

from __future__ import annotations

import pytest

from hookproof.hosts.screen import Screen

# (what the program prints, what is to be read)
PAINTED: list[tuple[str, list[str]]] = [
    ("one\r\ntwo", ["one", "two"]),
    ("\x1b[38;5;174mone\x1b[39m \x1b[1mtwo\x1b[22m", ["one two"]),
    ("one\x1b[1Ctwo", ["one two"]),
    ("\x1b]0;a title\x07one\x1b]0;another\x1b\\", ["one"]),
    ("one\rO", ["One"]),
    ("one\b\bN", ["oNe"]),
    ("a\tb", ["a       b"]),
    ("one\x1b[2;3Htwo\x1b[Hzero", ["zero", "  two"]),
    ("one\r\ntwo\x1b[1A\x1b[2Gx", ["oxe", "two"]),
    ("one\r\ntwo\x1b[1Fx", ["xne", "two"]),
    ("one\r\ntwo\x1b[H\x1b[J", []),
    ("one\r\ntwo\x1b[1;2H\x1b[K", ["o", "two"]),
    ("one two\x1b[1;4H\x1b[1K", ["    two"]),
    ("one two\x1b[1;1H\x1b[4X", ["    two"]),
    ("one two\x1b[1;1H\x1b[4P", ["two"]),
    ("two\x1b[1;1H\x1b[4@one", ["one two"]),
    ("one\r\ntwo\x1b[H\x1b[L", ["", "one", "two"]),
    ("one\r\ntwo\x1b[H\x1b[M", ["two"]),
    ("one\r\ntwo\x1b[S", ["two"]),
    ("one\r\ntwo\x1b[T", ["", "one", "two"]),
    ("one\x1b7\x1b[3;3Hx\x1b8two", ["onetwo", "", "  x"]),
    ("one\x1b[?1049h\x1b[Htwo", ["two"]),
    ("one\x1b[?25l\x1b[>0q\x1b[c\x1b(B", ["one"]),
    ("\x1b[2Jone\x1b[1d", ["one"]),
    ("1\r\n2\r\n3\r\n4\r\n5", ["2", "3", "4", "5"]),
    ("x" * 22, ["x" * 20, "xx"]),
    ("日本x\x1b[1;5Hy", ["日本y"]),
    ("\x1b[99;99Hx", ["", "", "", " " * 19 + "x"]),
]


def read(screen: Screen) -> list[str]:
    lines = screen.lines()
    while lines and not lines[-1]:
        lines.pop()
    return lines


@pytest.mark.parametrize(("printed", "lines"), PAINTED, ids=[repr(printed)[:40] for printed, _ in PAINTED])
def test_what_is_to_be_read(printed: str, lines: list[str]) -> None:
    screen = Screen(20, 4)
    screen.feed(printed.encode())
    assert read(screen) == lines


@pytest.mark.parametrize("printed", [printed for printed, _ in PAINTED])
def test_it_may_come_byte_by_byte(printed: str) -> None:
    whole, torn = Screen(20, 4), Screen(20, 4)
    whole.feed(printed.encode())
    for byte in printed.encode():
        torn.feed(bytes([byte]))
    assert torn.lines() == whole.lines()


def test_noise_ends_nothing() -> None:
    screen = Screen(20, 4)
    screen.feed(b"\xff\xfe\x1b[999999999999A\x1b[;;;;H\x1b]" + b"x" * 5000)
    screen.feed(b"\x07\x1b[2J\x1b[Hone")
    assert screen.text() == "one"
