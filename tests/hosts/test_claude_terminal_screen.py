"""The screen: what is to be read when a program paints it in pieces."""

from __future__ import annotations

import subprocess
import sys
from subprocess import PIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookproof.hosts.claude.screen import Screen

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
    # a region that scrolls, which Claude Code 2.1.329 resets at its end
    ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\nx", ["1", "3", "x", "4"]),
    ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[S", ["1", "3", "", "4"]),
    ("1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[T", ["1", "", "2", "4"]),
    ("1\r\n2\r\n3\r\n4\x1b7\x1b[r\x1b8\n5", ["2", "3", "4", " 5"]),
    ("one\x1b[H\x1bMtwo", ["two", "one"]),
    ("two\x1b[H\x1b[4hone \x1b[4lx", ["one xwo"]),
    ("one\x1b[H\x1b[M", []),
    ("one\x1b[5S", []),
    # what is no text, although it is not understood
    ("one\x1b[<u\x1b[=1u\x1b[?u\x1b[>4;2m", ["one"]),
    ("\x1b[38:2::215:119:87mone\x1b[!ptwo", ["onetwo"]),
    ("one\x1bP+q544e\x1b\\two\x1b_Ga=q\x1b\\", ["onetwo"]),
    ("one\x1b]7501;?\x07\x1b]52;c;b25l\x1b\\", ["one"]),
    ("one\x1b]a title that never ends\x1b[Htwo", ["two"]),
    ("one\x1b[?6n\x1b[?r\x1b[7K\x1b[1;2;3Atwo", ["onetwo"]),
    ("one\x1b\x1b[Htwo\x1b[3\x1b[Hsix", ["six"]),
    ("one\x9dtwo\x9b\x85", ["onetwo"]),
    # of no width, and of two
    ("one ⚠\ufe0f two\u200d", ["one ⚠ two"]),
    ("cafe\u0301", ["café"]),
    ("日\rx", ["x"]),
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


PIECES = ["\x1b", "[", "]", "?", "1", ";", "99", "H", "J", "M", "S", "r", "h", "m", "\x07", "\\", "P", "─", "日", "a"]
NOISE = st.lists(st.sampled_from(PIECES).map(str.encode) | st.binary(max_size=3), max_size=40).map(b"".join)


@given(NOISE, st.integers(0, 40))
def test_no_noise_is_too_much_and_pieces_are_all_the_same(noise: bytes, cut: int) -> None:
    whole, torn = Screen(20, 4), Screen(20, 4)
    whole.feed(noise)
    torn.feed(noise[:cut])
    torn.feed(noise[cut:])
    assert torn.lines() == whole.lines()
    assert len(whole.lines()) == 4


def test_a_terminal_is_a_price_that_only_terminals_pay() -> None:
    modules = "hookproof.suite.cases, hookproof.hosts.claude.interactive"
    code = f"import sys, {modules}; print({{'pyte', 'wcwidth'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], stdout=PIPE, text=True, check=True)
    assert done.stdout.strip() == "set()"
