"""The baseline: read with every mistake in its place, exact in both directions, and written without losing a letter."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_reports import LINUX, WINDOWS, a_check, a_result

from hookproof import suite
from hookproof.catalogue.reading import CatalogueError
from hookproof.judge.baseline import Baseline, Known, find, place, read_baseline, system_of
from hookproof.report.baseline import Update, outcomes, update
from hookproof.report.results import Result

SCENARIOS = {"jobs/pattern-c": ["JOB-03", "JOB-04"], "jobs/pattern-d": ["JOB-21"]}
TODAY = date(2026, 5, 4)
ENTRY = """\
[[known]]
check = "jobs/pattern-c:JOB-03"
lifecycles = ["claude-2.1.91", "as-reported-345"]
reason = "waits for #7"
"""


def baseline(folder: Path, text: str) -> Baseline:
    path = folder / "hookproof.toml"
    path.write_text(text, encoding="utf-8")
    return read_baseline(path, SCENARIOS)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(CatalogueError) as raised:
        baseline(folder, text)
    return raised.value.mistakes


def new(check: str = "JOB-04", lifecycle: str = "claude-2.1.91") -> Result:
    return a_result(a_check(check, "violates", baseline="new"), lifecycle=lifecycle)


def updated(found: Baseline, *results: Result, replays: tuple[Result, ...] = (), platform: str = LINUX) -> Update:
    text = found.path.read_text(encoding="utf-8") if found.path.exists() else ""
    done = update(text, found, outcomes(results, replays), platform, TODAY)
    found.path.write_text(done.text, encoding="utf-8")
    read_baseline(found.path, SCENARIOS)
    return done


def known(found: Update) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = tomllib.loads(found.text).get("known", [])
    return entries


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (('reason = "waits for #7"', ""), "line 1: known[1] (jobs/pattern-c:JOB-03): has no reason"),
        (('"waits for #7"', '"  "'), "line 1: known[1] (jobs/pattern-c:JOB-03): has no reason"),
        (("pattern-c:", "patern-c:"), "there is no scenario 'jobs/patern-c'; did you mean 'jobs/pattern-c'?"),
        (("JOB-03", "JOB-21"), "jobs/pattern-c does not check 'JOB-21' (it checks: JOB-03, JOB-04)"),
        (("jobs/pattern-c:JOB-03", "nonsense"), "there is no scenario 'nonsense'"),
        (("claude-2.1.91", "claude-2.1.9"), "did you mean 'claude-2.1.91'?"),
        (('"claude-2.1.91", "as-reported-345"', ""), "known[1].lifecycles: List should have at least 1 item"),
        (("reason", "reasons"), "known[1].reasons: unknown key"),
        (("[[known]]", "[[knwon]]"), "knwon: unknown key; did you mean 'known'?"),
        (("[[known]]", "[[known]"), "is not TOML"),
        (('"waits for #7"', '"x"\nplatforms = ["amiga"]'), "known[1].platforms[1]: Input should be 'linux'"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], mistake: str) -> None:
    told = mistakes(tmp_path, ENTRY.replace(*change))
    assert len(told) == 1
    assert mistake in told[0]


def test_a_check_named_twice_on_a_lifecycle_is_a_mistake(tmp_path: Path) -> None:
    second = ENTRY.replace(', "as-reported-345"', "")
    assert mistakes(tmp_path, f"{ENTRY}\n{second}") == [
        "line 6: known[2] (jobs/pattern-c:JOB-03): claude-2.1.91 is named in known[1] already"
    ]
    apart = [ENTRY.replace("reason", f'platforms = ["{name}"]\nreason') for name in ("linux", "windows")]
    assert len(baseline(tmp_path, "\n".join(apart)).entries) == 2


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="does not exist"):
        read_baseline(tmp_path / "none.toml", SCENARIOS)


def test_a_real_host_and_a_switch_are_lifecycles(tmp_path: Path) -> None:
    text = ENTRY.replace("claude-2.1.91", "claude@2.1.91").replace("as-reported-345", "as-reported-345+parent-id")
    assert set(baseline(tmp_path, text).known("claude@2.1.91", "linux")) == {"jobs/pattern-c:JOB-03"}


def test_the_nearest_file_counts_as_far_as_the_repository_reaches(tmp_path: Path) -> None:
    tmp_path = tmp_path.resolve()
    plugin = tmp_path / "repository" / "plugins" / "codex"
    plugin.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    (tmp_path / "hookproof.toml").touch()
    assert find(plugin) is None
    assert place(plugin) == tmp_path / "repository" / "hookproof.toml"
    (tmp_path / "repository" / "hookproof.toml").touch()
    assert find(plugin) == place(plugin) == tmp_path / "repository" / "hookproof.toml"
    (plugin / "hookproof.toml").touch()
    assert find(plugin) == plugin / "hookproof.toml"


def test_without_a_repository_a_new_file_belongs_to_the_plugin(tmp_path: Path) -> None:
    assert place(tmp_path / "codex") == tmp_path.resolve() / "codex" / "hookproof.toml"


def test_entries_of_another_system_say_nothing(tmp_path: Path) -> None:
    found = baseline(tmp_path, ENTRY + 'platforms = ["windows"]\n')
    assert not found.known("claude-2.1.91", system_of(LINUX))
    assert found.known("claude-2.1.91", system_of(WINDOWS))
    assert [system_of(name) for name in ("macOS-15", "Darwin-24", "wine-9.0, not Windows")] == [
        "macos",
        "macos",
        "windows",
    ]


def test_a_new_file_has_one_entry_for_a_check_and_says_what_it_is(tmp_path: Path) -> None:
    done = updated(Baseline(tmp_path / "hookproof.toml"), new(), new(lifecycle="as-reported-345"), a_result())
    assert (done.added, done.removed) == (2, 0)
    assert done.text.startswith("# The violations that hookproof knows of")
    assert known(done) == [
        {
            "check": "jobs/pattern-c:JOB-04",
            "lifecycles": ["claude-2.1.91", "as-reported-345"],
            "reason": "recorded 2026-05-04 by --update-baseline",
        }
    ]


def test_what_stays_keeps_every_letter(tmp_path: Path) -> None:
    text = "# ours\n\n# about C\n" + ENTRY + "# inside\n"
    still = a_result(a_check("JOB-03", "violates", baseline="known"), a_check("JOB-04", "violates", baseline="new"))
    done = updated(baseline(tmp_path, text), still)
    assert done.text.startswith(text)
    assert (done.added, done.removed, len(known(done))) == (1, 0, 2)


def test_what_is_fixed_goes_and_what_was_not_played_stays(tmp_path: Path) -> None:
    other = '\n# about D\n[[known]]\ncheck = "jobs/pattern-d:JOB-21"\nlifecycles = ["claude-2.1.91"]\nreason = "d"\n'
    found = baseline(tmp_path, ENTRY + other)
    done = updated(found, a_result(a_check("JOB-03", baseline="stale")))
    assert (done.added, done.removed) == (0, 1)
    assert [entry["lifecycles"] for entry in known(done)] == [["as-reported-345"], ["claude-2.1.91"]]
    assert "waits for #7" in done.text
    assert "# about D" in done.text
    again = updated(read_baseline(found.path, SCENARIOS), a_result(a_check("JOB-03"), lifecycle="as-reported-345"))
    assert [entry["check"] for entry in known(again)] == ["jobs/pattern-d:JOB-21"]


def test_an_unknown_verdict_neither_adds_nor_removes(tmp_path: Path) -> None:
    doubt = a_result(a_check("JOB-03", "unknown"), a_check("JOB-04", "unknown"))
    assert updated(baseline(tmp_path, ENTRY), doubt).text == ENTRY


def test_a_race_is_recorded_as_one(tmp_path: Path) -> None:
    replay = a_result(a_check("JOB-04"))
    done = updated(Baseline(tmp_path / "hookproof.toml"), new(), replays=(replay,))
    assert known(done)[0]["sometimes"] is True
    once = a_result(a_check("JOB-04"), repeat=2)
    done = updated(read_baseline(tmp_path / "hookproof.toml", SCENARIOS), once)
    assert (done.removed, len(known(done))) == (0, 1)


def test_a_violation_that_only_a_replay_had_is_not_recorded(tmp_path: Path) -> None:
    replay = a_result(a_check("JOB-03", "violates", baseline="new"), a_check("JOB-04", "violates"))
    done = updated(Baseline(tmp_path / "hookproof.toml"), a_result(a_check("JOB-03")), replays=(replay,))
    assert known(done) == []


def test_another_system_gets_an_entry_of_its_own(tmp_path: Path) -> None:
    text = ENTRY + 'platforms = ["windows"]\n'
    done = updated(baseline(tmp_path, text), new("JOB-03"))
    assert [entry["platforms"] for entry in known(done)] == [["windows"], ["linux"]]
    kept = updated(baseline(tmp_path, text), a_result(a_check("JOB-03")))
    assert kept.text == text


def test_another_way_of_writing_is_read_and_rewritten(tmp_path: Path) -> None:
    text = 'known = [{check = "jobs/pattern-c:JOB-03", lifecycles = ["claude-2.1.91"], reason = "r"}]\n'
    still = a_result(a_check("JOB-03", "violates", baseline="known"), a_check("JOB-04", "violates", baseline="new"))
    assert [entry["check"] for entry in known(updated(baseline(tmp_path, text), still))] == [
        "jobs/pattern-c:JOB-03",
        "jobs/pattern-c:JOB-04",
    ]


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_every_reason_survives_a_rewrite(reason: str) -> None:
    entry = Known(check="jobs/pattern-c:JOB-03", lifecycles=["claude-2.1.91", "as-reported-345"], reason=reason)
    fixed = outcomes([a_result(a_check("JOB-03"))])
    done = update("", Baseline(Path("x"), (entry,)), fixed, LINUX, TODAY)
    assert known(done) == [{"check": entry.check, "lifecycles": ["as-reported-345"], "reason": reason}]


def test_the_shipped_scenarios_are_what_it_is_held_against() -> None:
    assert "JOB-03" in suite.known_checks()["jobs/pattern-c"]
