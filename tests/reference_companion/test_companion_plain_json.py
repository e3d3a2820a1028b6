"""`plain_json` is `json`, letter by letter and error by error; no hook imports `json` for a plain document."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from companion_world import PLUGIN, plain_json, posix, sessions, state
from hypothesis import given
from hypothesis import strategies as st

WORKFLOW = PLUGIN.parent / "workflow"
SLOW_TO_IMPORT = {"json", "re", "enum", "signal", "collections", "functools", "typing"}

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
)


class Number(IntEnum):
    ONE = 1


class Pair(NamedTuple):
    left: object
    right: object


def _itself() -> list[object]:
    endless: list[object] = []
    endless.append(endless)
    return endless


UNUSUAL: list[object] = [
    {1: "a"},
    {None: 1, True: 2, 1.5: 3},
    {"a": {(1, 2): 3}},
    {1, 2},
    b"bytes",
    object,
    Number.ONE,
    {"a": Number.ONE, "b": Pair("left", {"deeper": ()})},
    OrderedDict(a=1, b=OrderedDict()),
    _itself(),
    [math.nan, math.inf, -math.inf, -0.0, 1e300, 10**400],
    '\ud800 \U0001f600 \x00 \x7f " \\ / \u2028 é',
]
DAMAGED: list[str | bytes] = [
    *(
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "[1 2]",
        '{"a" 1}',
        '{"a":}',
        "{a: 1}",
        '{"a": 1,}',
        "nul",
        "tru",
        "-",
        "1.",
        "01",
        "+1",
    ),
    *(
        '"',
        '"a',
        '"\\',
        '"\\u12',
        '"\\x"',
        '"\x01"',
        "'a'",
        "\ufeff[]",
        "[] []",
        "[]\x00",
        "NaN1",
        "--1",
        "1e",
        "[" * 100_000,
    ),
    *("9" * 5000, "\x0b1", "1\x85", "1\u2028", '{"a": 1} trailing'),
    *(
        b"",
        b"\xff",
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf[1]",
        "[1]".encode("utf-16"),
        "[1]".encode("utf-32-le"),
    ),
    *("1".encode("utf-16-le"), "[1]".encode("utf-16-be"), b"[1]\x00"),
]
SOUND: list[str | bytes] = [
    *("null", " [1, 2.5, -0, -0.0, 1e5, 1E-5, 12345678901234567890] ", '{"a": 1, "a": 2}', '"\\ud83d\\ude00 \\ud800"'),
    *("NaN", "[Infinity, -Infinity]", "\r\n\t 1 \n", '{"": {"": []}}', '"\x7f"', b'"\xc3\xa9"', '"é\u2028"'),
]


def told(does: Callable[[], object]) -> tuple[object, ...]:
    """What it gives, or which error and what that says. A NaN is not equal to itself, but is spelled alike."""
    try:
        return "gives", repr(does())
    except Exception as error:
        return type(error), str(error)


@given(DOCUMENTS, st.sampled_from([None, 0, 1, 2]))
def test_a_document_is_written_and_read_as_json_does(document: object, indent: int | None) -> None:
    written = json.dumps(document, indent=indent)
    assert plain_json.dumps(document, indent=indent) == written
    assert repr(plain_json.loads(written)) == repr(json.loads(written))
    assert repr(plain_json.loads(written.encode())) == repr(json.loads(written))


@pytest.mark.parametrize("indent", [None, 1, 2])
@pytest.mark.parametrize("value", UNUSUAL, ids=range(len(UNUSUAL)))
def test_an_unusual_value_is_written_as_json_does(value: object, indent: int | None) -> None:
    assert told(lambda: plain_json.dumps(value, indent=indent)) == told(lambda: json.dumps(value, indent=indent))


@pytest.mark.parametrize("document", [*DAMAGED, *SOUND], ids=range(len([*DAMAGED, *SOUND])))
def test_any_text_is_read_as_json_does(document: str | bytes) -> None:
    def ordered(pairs: list[tuple[str, Any]]) -> object:
        return ["pairs", *pairs]

    assert told(lambda: plain_json.loads(document)) == told(lambda: json.loads(document))
    assert told(lambda: plain_json.loads(document, ordered)) == told(
        lambda: json.loads(document, object_pairs_hook=ordered)
    )


def test_what_the_hook_of_an_object_raises_is_raised() -> None:
    def refuse(pairs: list[tuple[str, Any]]) -> object:
        raise LookupError(f"{len(pairs)} of them")

    with pytest.raises(LookupError, match="1 of them"):
        plain_json.loads('{"a": 1}', refuse)


@pytest.mark.parametrize("text", ['{"a": ', '"\\x"', '{"a" 1}', "[1 2]", ""])
def test_damaged_text_is_told_in_a_process_that_has_not_imported_json(text: str) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(PLUGIN / "scripts")!r})
from companion_lib import plain_json
assert "json" not in sys.modules
try:
    plain_json.loads({text!r})
except ValueError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    with pytest.raises(json.JSONDecodeError) as raised:
        json.loads(text)
    assert done.stdout.strip() == f"JSONDecodeError {raised.value}"


def test_a_python_without_the_c_half_has_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("make_encoder", "make_scanner", "encode_basestring_ascii"):
        monkeypatch.setattr(plain_json, name, None)
    document = {"a": [1, {"b": "é"}]}
    for indent in (None, 1):
        assert plain_json.dumps(document, indent=indent) == json.dumps(document, indent=indent)
    assert plain_json.loads(json.dumps(document)) == document


def test_both_reference_plugins_have_the_same() -> None:
    """Each is whole by itself, as an installed plugin is."""
    theirs = WORKFLOW / "scripts" / "workflow_lib" / "plain_json.py"
    assert theirs.read_bytes() == (PLUGIN / "scripts" / "companion_lib" / "plain_json.py").read_bytes()


def test_names_become_files_as_by_their_patterns() -> None:
    """`re` is not imported for what a loop says as well, for every letter that there is."""
    for first in range(0, sys.maxunicode + 1, 100):
        letters = "".join(chr(code) for code in range(first, first + 100) if code <= sys.maxunicode)
        assert sessions._safe(letters) == re.sub(r"[^\w-]", "_", letters)[:100]
        for letter in letters if first < 0x1000 else letters[:5]:
            assert state._names_a_file(letter) == bool(re.fullmatch(r"[\w-]+", letter))


@given(st.text(st.sampled_from("aZ09._- -/\u00a0é\n²"), max_size=12))
def test_a_folder_has_the_slug_that_its_pattern_gives(name: str) -> None:
    assert state._slug(name) == (re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "workspace")


@posix("Windows' processes are started by ctypes and subprocess")
@pytest.mark.parametrize("command", ["hook", "status", "workflow"])
def test_a_run_imports_nothing_slow(command: str, tmp_path: Path) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    words = {
        "hook": [PLUGIN / "scripts" / "hook.py"],
        "status": [PLUGIN / "scripts" / "companion.py", "status", "--json"],
        "workflow": [WORKFLOW / "hooks" / "scripts" / "hook_claude.py"],
    }[command]
    payload = {
        "hook_event_name": "SessionStart",
        "session_id": "s",
        "cwd": str(tmp_path / "project"),
        "source": "startup",
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-X", "importtime", *map(str, words)],
        input=json.dumps(payload),
        cwd=tmp_path / "project",
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert any(name.endswith(".plain_json") for name in imported), "nothing was measured"
    assert imported & SLOW_TO_IMPORT == set()
