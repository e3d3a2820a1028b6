"""Journals and results that are not as hookproof wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fuzz_call import call, check, judged
from fuzz_inputs import SECONDS, as_json, examples, spoiled_bytes, spoiled_tree
from hypothesis import given
from hypothesis import strategies as st

INPUTS = Path(__file__).parent / "inputs"
JOURNALS = [path.read_bytes() for path in sorted(INPUTS.glob("*.jsonl"))]
RESULTS: dict[str, Any] = json.loads((INPUTS / "results.json").read_text(encoding="utf-8"))
KINDS = {"html": "o.html", "junit": "o.xml", "markdown": "o.md", "json": "o.json"}

pytestmark = pytest.mark.timeout(SECONDS)


@st.composite
def spoiled_lines(draw: st.DrawFn) -> bytes:
    """A journal of which a record or two are not what they were."""
    lines = draw(st.sampled_from(JOURNALS)).splitlines()
    for _ in range(draw(st.integers(1, 2))):
        number = draw(st.integers(0, len(lines) - 1))
        try:
            lines[number] = as_json(draw(spoiled_tree(json.loads(lines[number]))))
        except ValueError:
            continue
    return b"\n".join(lines) + b"\n"


def written(folder: Path, *, all_kinds: bool) -> tuple[list[str], tuple[Path, ...]]:
    """The options for the files, and those that a browser, GitHub or a terminal show."""
    if not all_kinds:
        return [], ()
    return [f"--{kind}={folder / name}" for kind, name in KINDS.items()], (folder / "o.html", folder / "o.md")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journals")


def test_the_inputs_themselves_are_judged(here: Path, results: dict[str, Any]) -> None:
    for content in JOURNALS:
        (here / "journal.jsonl").write_bytes(content)
        called = call(["recheck", str(here / "journal.jsonl")])
        check(called)
        assert called.exit == 0, called.out
    (here / "r.json").write_bytes(as_json(results))
    assert call(["report", str(here / "r.json"), *written(here, all_kinds=True)[0]]).exit == 0
    assert call(["compare", str(here / "r.json"), str(here / "r.json")]).exit == 0


@examples(600)
@given(content=st.one_of(spoiled_lines(), spoiled_bytes(JOURNALS)), all_kinds=st.sampled_from([False] * 4 + [True]))
def test_a_journal_is_judged_or_told(here: Path, content: bytes, all_kinds: bool) -> None:
    (here / "journal.jsonl").write_bytes(content)
    options, pages = written(here, all_kinds=all_kinds)
    check(call(["recheck", str(here / "journal.jsonl"), *options]), names="journal.jsonl", pages=pages)


@examples(350)
@given(
    tree=spoiled_tree(RESULTS),
    content=st.one_of(st.none(), spoiled_bytes([as_json(RESULTS)])),
    all_kinds=st.sampled_from([False, False, True]),
)
def test_results_are_merged_or_told(here: Path, tree: Any, content: bytes | None, all_kinds: bool) -> None:
    (here / "r.json").write_bytes(as_json(tree) if content is None else content)
    options, pages = written(here, all_kinds=all_kinds)
    check(call(["report", str(here / "r.json"), *options]), names="r.json", pages=pages)


@examples(200)
@given(tree=spoiled_tree(RESULTS), first=st.booleans())
def test_results_are_compared_or_told(here: Path, tree: Any, first: bool) -> None:
    (here / "r.json").write_bytes(as_json(tree))
    (here / "good.json").write_bytes(as_json(RESULTS))
    both = ["r.json", "good.json"] if first else ["good.json", "r.json"]
    called = call(["compare", *(str(here / name) for name in both)])
    check(called, names="r.json")
    assert judged(called) or called.err.startswith("hookproof: ")
