"""What lies around a run: the plugin's manifest and hooks file, claims of earlier runs, the words of the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fuzz_call import call, check
from fuzz_inputs import EVIL, SECONDS, as_json, examples, spoiled_bytes, spoiled_tree
from hypothesis import given
from hypothesis import strategies as st

from hookproof import places

FILES = {
    name: (places.REFERENCE / "companion" / name).read_bytes()
    for name in (".claude-plugin/plugin.json", "hooks/hooks.json")
}
TOKEN = "0123456789abcdef" * 2
WORDS = [
    *("reference", "reference:", "reference:nope", "reference:correct+", "reference:correct+nope", "all", "latest"),
    *(
        "reference-workflow:fix-146",
        "as-reported-345",
        "as-reported-345+",
        "as-reported-345+parent-id",
        "claude-2.1.91",
    ),
    *("/nonexistent", "/dev/null", "/proc/x", "", "--", "-", "0", "-1", "1", "1e3", "nan", "inf", "9" * 30, "9" * 5000),
    *(
        "x" * 5000,
        "\udcff",
        "\ud800",
        "é",
        "*",
        "[",
        "[!",
        "pattern-c",
        "jobs/*",
        "**",
        "claude@2.1.91",
        "JOB-03",
        "H1",
    ),
    *("\n", EVIL, "[bold]", "[/]", "{x}", "%s", "~", "~nobody/x", ".", "main-session", "fix-2-retag"),
    *(str(path) for path in sorted((Path(__file__).parent / "inputs").iterdir())),
]
FLAGS = ("--update-baseline", "--requirements", "--lifecycles", "--plugins", "--version", "-h")
# not --claude and --codex: these start what they name
OPTIONS = (
    *(
        "--plugin",
        "--descriptor",
        "--lifecycle",
        "--runs",
        "-j",
        "--json",
        "--html",
        "--junit",
        "--markdown",
        "--repeat",
    ),
    *("--baseline", "--replays", "--patience"),
)
HAS = {
    "run": OPTIONS,
    "recheck": ("--baseline", "--json", "--html", "--junit", "--markdown"),
    "report": ("--json", "--html", "--junit", "--markdown"),
    "compare": ("--json",),
    "list": (),
    "explain": (),
}


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Words that belong together more often than not."""
    verb = draw(st.sampled_from([*HAS, *HAS, "run", "nonsense", "--schema", ""]))
    word = st.sampled_from(WORDS)
    words = [verb, *draw(st.lists(word, max_size=2))]
    for option in draw(st.lists(st.sampled_from(HAS.get(verb) or OPTIONS), max_size=3)):
        words += draw(st.sampled_from([[option, draw(word)], [f"{option}={draw(word)}"], [option]]))
    return [*words, *draw(st.lists(st.sampled_from(FLAGS), max_size=1))]


pytestmark = [pytest.mark.timeout(SECONDS), pytest.mark.usefixtures("catalogue")]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("plugin") / "spoiled"
    shutil.copytree(places.REFERENCE / "companion", copy)
    return copy


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@examples(250)
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_a_manifest_or_hooks_file_is_taken_or_told(plugin: Path, runs: Path, data: st.DataObject, name: str) -> None:
    content = data.draw(st.one_of(spoiled_tree(json.loads(FILES[name])).map(as_json), spoiled_bytes([FILES[name]])))
    for other, good in FILES.items():
        (plugin / other).write_bytes(content if other == name else good)
    check(call(["run", "pattern-c", "--plugin", str(plugin), "--runs", str(runs)]), names=str(plugin))


def claims(root: Path) -> dict[str, Any]:
    """What a case leaves in its directory while it is played, and what it leaves for later."""
    gone = {
        "pid": 1,
        "start": 1,
        "token": TOKEN,
        "since": 1.0,
        "world": {"machine": "elsewhere", "boot": "b", "pids": "p"},
    }
    return {
        "owner.json": gone,
        "world.json": {"root": str(root / "none" / "hp-x"), "token": TOKEN},
        "world-left": "",
        "claim": "",
    }


@examples(120)
@given(data=st.data())
def test_a_damaged_claim_never_fails_a_start(
    runs: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    shutil.rmtree(runs, ignore_errors=True)
    case = runs / "20261127-000000-1" / "case"
    case.mkdir(parents=True)
    (case.parent / ".hookproof-run").touch()
    for name, content in claims(tmp_path_factory.getbasetemp()).items():
        if data.draw(st.booleans()):
            whole = as_json(content) if content else b""
            spoiled = (
                st.one_of(spoiled_tree(content).map(as_json), spoiled_bytes([whole]))
                if content
                else st.binary(max_size=9)
            )
            (case / name).write_bytes(data.draw(st.one_of(st.just(whole), spoiled)))
    called = call(["run", "pattern-c", "--runs", str(runs)])
    check(called)
    assert called.exit == 0, called.err


@examples(300)
@given(words=command_lines())
def test_any_words_are_taken_or_told(runs: Path, words: list[str]) -> None:
    check(call([*words, *(["--runs", str(runs / "words")] if words[0] == "run" and "--runs" not in words else [])]))
