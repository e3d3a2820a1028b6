"""The files that a plugin's maintainers write for hookproof: descriptors and baselines."""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz_call import call, check
from fuzz_inputs import SECONDS, examples, spoiled_toml
from hypothesis import given
from hypothesis import strategies as st

from hookproof import places

BASELINE = b"""\
[[known]]
check = "jobs/pattern-c:JOB-03"
lifecycles = ["as-reported-345", "claude@2.1.91"]
reason = "why"
sometimes = true
platforms = ["linux"]

[[known]]
check = "jobs/pattern-c:JOB-04"
lifecycles = ["as-reported-345"]
reason = "because"

[[untested]]
requirement = "JOB-05"
lifecycles = ["claude-2.1.91", "claude@2.1.91"]
sometimes = true
reason = "the other session's hook is cut"
"""
DESCRIPTORS = sorted(places.DESCRIPTORS.glob("*.toml"))
COMPANION = str(places.REFERENCE / "companion")

pytestmark = [pytest.mark.timeout(SECONDS), pytest.mark.usefixtures("catalogue")]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@examples(200)
@given(content=st.one_of(*(spoiled_toml(path.read_bytes()) for path in DESCRIPTORS)))
def test_a_descriptor_is_taken_or_told(here: Path, content: bytes) -> None:
    (here / "d.toml").write_bytes(content)
    words = ["run", "pattern-c", "main-session", "--plugin", COMPANION, "--descriptor", str(here / "d.toml")]
    called = call([*words, "--runs", str(here / "runs")])
    # one that is whole may be about another kind of plugin than the scenarios, or want a program
    check(called, names=None if "none of the chosen" in called.err or "is not on PATH" in called.err else "d.toml")


@examples(200)
@given(content=spoiled_toml(BASELINE), verb=st.sampled_from(["run", "recheck", "update"]))
def test_a_baseline_is_taken_or_told(here: Path, content: bytes, verb: str) -> None:
    (here / "hookproof.toml").write_bytes(content)
    words = ["recheck", str(Path(__file__).parent / "inputs" / "pattern-c.jsonl")]
    if verb != "recheck":
        words = ["run", "pattern-c", "--plugin", COMPANION, "--runs", str(here / "runs")]
    words += ["--baseline", str(here / "hookproof.toml"), *(["--update-baseline"] if verb == "update" else [])]
    check(call(words), names="hookproof.toml")
