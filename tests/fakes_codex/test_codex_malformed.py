"""Whatever a line holds, it is refused or passed over, and the next one is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from codex_world import Codex, World
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

METHODS = [
    "initialize",
    "initialized",
    "account/read",
    "config/read",
    "thread/start",
    "thread/name/set",
    "thread/list",
    "thread/resume",
    "turn/start",
    "turn/interrupt",
    "review/start",
    "",
]
NAMES = [
    "threadId",
    "turnId",
    "input",
    "cwd",
    "model",
    "name",
    "target",
    "limit",
    "sourceKinds",
    "searchTerm",
    "delivery",
]

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "id": values,
        "method": st.sampled_from(METHODS) | values,
        "params": st.dictionaries(st.sampled_from(NAMES), values, max_size=4) | values,
        "result": values,
    },
)
lines = st.binary(max_size=60) | values.map(json.dumps).map(str.encode) | requests.map(json.dumps).map(str.encode)


@pytest.fixture(scope="module")
def codex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Codex]:
    with World(tmp_path_factory.mktemp("malformed")) as world:
        yield world.codex()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(b"[" * 100_000)
@example(b'{"id": 1, "method": "turn/start", "params": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001)
@example(b"9" * 10_000)
@example(b'{"id": ' + b"9" * 10_000 + b"}")
@example(b'{"id": "\\ud800", "method": "\\ud800", "params": {}}')
@example(b'{"id": 1, "method": "thread/start", "params": {"cwd": "\\ud800\\u0000"}}')
@example(b'{"id": 1, "method": "thread/resume", "params": {"threadId": "../../x"}}')
@example(b"\xff\xfe")
@example(b"\x00")
@example(b"{}\r")
@given(line=lines.filter(lambda line: b"\n" not in line))
def test_any_line_is_refused_or_passed_over(codex: Codex, line: bytes) -> None:
    before = len(codex.messages)
    codex.send(line)
    # the ids of this client are strings here, so that no line can guess the next
    codex.send(b'{"id": "after %d", "method": "account/read", "params": {}}' % before)
    codex.wait(f"the request after {line[:80]!r}", lambda message: message.get("id") == f"after {before}")
    between = codex.messages[before:-1]
    assert not [message for message in between if message.get("error", {}).get("code") == -32603], "an internal error"
    unbidden = [message for message in between if "method" in message and message["method"] != "thread/started"]
    assert not unbidden


def test_a_last_line_without_its_end_is_served(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        codex = world.start()
        assert codex.process.stdin is not None
        codex.process.stdin.write(b'{"id": 7, "method": "initialize", "params": {}}')
        codex.close_stdin()
        assert codex.wait_exit() == 0
        assert [message["id"] for message in codex.messages] == [7]
