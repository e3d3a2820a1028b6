"""The one cleaner: what it lets through, no terminal, CI runner, page or encoding obeys."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookproof import clean

ANYTHING = st.text(st.characters() | st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Zp"]))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("plain – text\n\twith a tab", "plain – text\n\twith a tab"),
        ("\x1b]0;pwned\x07\x1b[2J", r"\x1b]0;pwned\x07\x1b[2J"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("::error file=a::b\n  ::stop-commands::x", "\\::error file=a::b\n  \\::stop-commands::x"),
        ("a::b", "a::b"),
        ("x ##[error] ##vso[task] # ## [", r"x #\#[error] #\#vso[task] # ## ["),
        ("\ud800\udfff", "\ufffd\ufffd"),
        ("a\u202eb\u2028c\x9b", r"a\u202eb\u2028c\x9b"),
    ],
)
def test_what_is_shown(said: str, shown: str) -> None:
    assert clean.text(said) == shown


def test_one_line() -> None:
    assert clean.line("a\n::error::b") == r"a\n::error::b"


def test_markup() -> None:
    assert clean.markup("<b a='\"'>&\x1b") == r"&lt;b a=&#x27;&quot;&#x27;&gt;&amp;\x1b"
    assert clean.markup(7) == "7"


@settings(deadline=None, max_examples=300)
@given(ANYTHING)
def test_nothing_in_it_is_obeyed(said: str) -> None:
    shown = clean.text(said)
    shown.encode("utf-8")
    assert not [
        letter for letter in shown if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} and letter not in "\n\t"
    ]
    assert not re.search(r"^\s*::|##\[|##vso\[", shown, re.MULTILINE)
    assert clean.text(shown) == shown, "what was cleaned once stays as it is"
