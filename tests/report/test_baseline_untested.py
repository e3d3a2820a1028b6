"""The baseline's list of requirements that no case tests: read, written and taken out beside the known violations."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from made_reports import LINUX, WINDOWS, a_check, a_result, not_tested

from hookproof.catalogue.reading import CatalogueError
from hookproof.judge.baseline import Baseline, read_baseline
from hookproof.report.baseline import Update, outcomes, update
from hookproof.report.results import Result
from hookproof.report.untested import found

SCENARIOS = {"jobs/pattern-c": ["JOB-03", "JOB-04"], "jobs/pattern-d": ["JOB-21"]}
KNOWN = """\
# about C
[[known]]
check = "jobs/pattern-c:JOB-03"
lifecycles = ["claude-2.1.91"]
reason = "waits for #7"
"""
ENTRY = """\
# it refuses
[[untested]]
requirement = "JOB-04"
lifecycles = ["claude-2.1.91", "as-reported-345"]
reason = "no launch"
"""
VIOLATED = a_result(a_check("JOB-03", "violates", baseline="known"))
TESTED = a_result(a_check("JOB-04"))


def baseline(folder: Path, text: str) -> Baseline:
    path = folder / "hookproof.toml"
    path.write_text(text, encoding="utf-8")
    return read_baseline(path, SCENARIOS)


def updated(known: Baseline, *results: Result) -> Update:
    text = known.path.read_text(encoding="utf-8") if known.path.exists() else ""
    done = update(text, known, outcomes(results), LINUX, date(2026, 5, 4), found(results, known))
    known.path.write_text(done.text, encoding="utf-8")
    read_baseline(known.path, SCENARIOS)
    return done


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (('reason = "no launch"', ""), "line 2: untested[1] (JOB-04): has no reason"),
        (("JOB-04", "JOB-99"), "no scenario checks 'JOB-99'"),
        (("JOB-04", "jobs/pattern-c:JOB-04"), "no scenario checks 'jobs/pattern-c:JOB-04'"),
        (("reason", "because"), "untested[1].because: unknown key"),
        (("claude-2.1.91", "claude-2.1.9"), "did you mean 'claude-2.1.91'?"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], mistake: str) -> None:
    with pytest.raises(CatalogueError) as raised:
        baseline(tmp_path, ENTRY.replace(*change))
    assert mistake in raised.value.mistakes[0]


def test_a_mistake_in_each_list_and_a_name_that_stands_twice(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError) as raised:
        baseline(tmp_path, KNOWN.replace("waits for #7", "") + ENTRY + ENTRY)
    assert [each.partition(": has")[0] for each in raised.value.mistakes] == [
        "line 2: known[1] (jobs/pattern-c:JOB-03)",
        "line 12: untested[2] (JOB-04): claude-2.1.91 is named in untested[1] already",
    ]


def test_it_is_written_and_its_reason_is_for_people(tmp_path: Path) -> None:
    done = updated(
        Baseline(tmp_path / "hookproof.toml"), not_tested("JOB-04"), not_tested("JOB-04", lifecycle="as-reported-345")
    )
    assert (done.added, done.removed) == (2, 0)
    assert tomllib.loads(done.text) == {
        "untested": [
            {
                "requirement": "JOB-04",
                "lifecycles": ["claude-2.1.91", "as-reported-345"],
                "reason": "recorded 2026-05-04 by --update-baseline",
            }
        ]
    }
    assert done.text.index("requirement =") < done.text.index("lifecycles =") < done.text.index("reason =")


def test_what_is_tested_goes_with_its_comment_and_what_is_known_stays(tmp_path: Path) -> None:
    done = updated(baseline(tmp_path, f"{KNOWN}\n{ENTRY}"), VIOLATED, TESTED)
    assert done.text == f"{KNOWN}\n{ENTRY}".replace('"claude-2.1.91", ', "")
    assert (done.added, done.removed) == (0, 1)
    again = updated(
        read_baseline(tmp_path / "hookproof.toml", SCENARIOS), a_result(a_check("JOB-04"), lifecycle="as-reported-345")
    )
    assert again.text == KNOWN


def test_a_comment_before_the_first_of_them_is_not_the_last_violations(tmp_path: Path) -> None:
    fixed = a_result(a_check("JOB-03", baseline="stale"))
    assert updated(baseline(tmp_path, f"{KNOWN}\n{ENTRY}"), fixed).text == ENTRY


def test_what_is_new_goes_to_its_own_list(tmp_path: Path) -> None:
    text = f"{KNOWN}\n{ENTRY}# end\n"
    new = a_result(a_check("JOB-21", "violates", baseline="new"), scenario="jobs/pattern-d")
    done = updated(baseline(tmp_path, text), new, not_tested("JOB-03"))
    lists = [line for line in done.text.splitlines() if line.startswith(("[[", "#"))]
    assert lists == ["# about C", "[[known]]", "[[known]]", "# it refuses", "[[untested]]", "# end", "[[untested]]"]
    assert ENTRY in done.text
    assert done.text.startswith(f"{KNOWN}\n[[known]]\n")
    assert [entry["requirement"] for entry in tomllib.loads(done.text)["untested"]] == ["JOB-04", "JOB-03"]
    assert updated(read_baseline(tmp_path / "hookproof.toml", SCENARIOS)).text == done.text


def test_a_violation_is_new_where_nothing_was_violated_before(tmp_path: Path) -> None:
    new = a_result(a_check("JOB-03", "violates", baseline="new"))
    done = updated(baseline(tmp_path, ENTRY), new)
    assert done.text.startswith(f"{ENTRY}\n[[known]]\n")


def test_lists_that_are_mixed_are_not_edited(tmp_path: Path) -> None:
    text = f"{KNOWN}\n{ENTRY}\n" + KNOWN.replace("pattern-c:JOB-03", "pattern-d:JOB-21")
    with pytest.raises(CatalogueError, match="cannot be edited: its lists are mixed"):
        updated(baseline(tmp_path, text), TESTED)
    assert (tmp_path / "hookproof.toml").read_text(encoding="utf-8") == text


def test_neither_an_unknown_nor_a_should_nor_another_system_is_recorded(tmp_path: Path) -> None:
    text = ENTRY + 'platforms = ["windows"]\n'
    doubt = a_result(a_check("JOB-03", "unknown"))
    assert updated(baseline(tmp_path, text), doubt, not_tested("JOB-08"), TESTED).text == text
    here = updated(baseline(tmp_path, text), not_tested("JOB-04"))
    assert [entry["platforms"] for entry in tomllib.loads(here.text)["untested"]] == [["windows"], ["linux"]]
    assert read_baseline(tmp_path / "hookproof.toml", SCENARIOS).known_untested("claude-2.1.91", "windows")


def test_a_known_violation_that_is_not_tested_stays_and_is_no_race(tmp_path: Path) -> None:
    found_ = baseline(tmp_path, KNOWN)
    assert updated(found_, not_tested("JOB-03"), a_result(a_check("JOB-04"))).text.startswith(KNOWN)
    fixed = updated(baseline(tmp_path, KNOWN), not_tested("JOB-03"), a_result(a_check("JOB-03"), repeat=2))
    assert fixed.text == ""


def test_the_machine_of_the_results_decides(tmp_path: Path) -> None:
    known = baseline(tmp_path, ENTRY + 'platforms = ["windows"]\n')
    rows = found([not_tested("JOB-04", platform=WINDOWS), not_tested("JOB-04", platform=LINUX)], known)
    assert [each.baseline for each in rows] == ["known", "new"]
