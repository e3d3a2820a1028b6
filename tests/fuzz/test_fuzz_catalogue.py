"""Scenarios, lifecycles and the shipped tables that somebody wrote wrongly."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz_call import call, check
from fuzz_catalogue import SCENARIOS
from fuzz_inputs import SECONDS, examples, spoiled_bytes, spoiled_toml
from hypothesis import given
from hypothesis import strategies as st

from hookproof import places

LIFECYCLES = sorted(path.relative_to(places.FAKES) for path in places.FAKES.glob("*/lifecycles/*.toml"))

pytestmark = pytest.mark.timeout(SECONDS)


@contextlib.contextmanager
def instead(path: Path, content: bytes) -> Iterator[None]:
    """The file has this content for a while."""
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def test_the_copy_of_the_catalogue_is_the_one_that_is_read(catalogue: Path) -> None:
    assert call(["run", "pattern-c"]).exit == 0
    assert call(["list", "--requirements"]).exit == 0
    for name in ("scenarios/jobs/pattern-c.toml", "fakes/claude/lifecycles/as-reported-345.toml"):
        with instead(catalogue / name, b"= nothing\n"):
            called = call(["run", "pattern-c"])
        assert called.exit == 2
        assert str(catalogue / name) in called.err


@examples(200)
@given(data=st.data(), name=st.sampled_from(SCENARIOS), verb=st.sampled_from(["run", "run", "explain", "list"]))
def test_a_scenario_is_taken_or_told(catalogue: Path, data: st.DataObject, name: str, verb: str) -> None:
    path = catalogue / "scenarios" / f"{name}.toml"
    content = data.draw(spoiled_toml(path.read_bytes()))
    with instead(path, content):
        called = call([verb, *([name] if verb != "list" else [])])
    check(called, names=path.name)


@examples(80)
@given(data=st.data(), name=st.sampled_from(LIFECYCLES), verb=st.sampled_from(["run", "explain", "list"]))
def test_a_lifecycle_is_taken_or_told(catalogue: Path, data: st.DataObject, name: Path, verb: str) -> None:
    path = catalogue / "fakes" / name
    content = data.draw(spoiled_toml(path.read_bytes()))
    scenario = "pattern-c" if name.parts[0] == "claude" else "main-session"
    words = {
        "run": ["run", scenario, "--lifecycle", path.stem],
        "explain": ["explain", path.stem],
        "list": ["list", "--lifecycles"],
    }
    with instead(path, content):
        called = call(words[verb])
    check(called, names=path.stem)


@examples(50)
@given(data=st.data(), name=st.sampled_from(["requirements.toml", "expected.toml"]), verb=st.integers(0, 3))
def test_a_table_is_taken_or_told(catalogue: Path, data: st.DataObject, name: str, verb: int) -> None:
    path = catalogue / "scenarios" / name
    content = data.draw(spoiled_bytes([path.read_bytes()]))
    journal = str(Path(__file__).parent / "inputs" / "pattern-c.jsonl")
    words = (["list", "--requirements"], ["explain", "JOB-03"], ["recheck", journal], ["run", "pattern-c"])[verb]
    with instead(path, content):
        called = call(words)
    # a table in which a row is missing is whole, and then the scenario that names the row is what is told
    check(
        called,
        names=None if "there is no requirement" in called.err or "nothing here is called" in called.err else name,
    )
