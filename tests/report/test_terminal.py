"""What a person sees: evidence on a terminal of any width, plain lines in a pipe, and nothing left moving."""

from __future__ import annotations

import io
import sys
import threading

import pytest
from made_reports import NO_JOB, WINDOWS, a_check, a_report, a_result, gate, not_tested, violated
from rich.console import Console

from hookproof.judge.verdict import Verdict
from hookproof.report import terminal
from hookproof.report.columns import violated_unexpectedly
from hookproof.report.progress import LiveProgress, PlainProgress, line, progress
from hookproof.report.results import NOTHING_TESTED, Report


def shown(report: Report, *, width: int = 160, height: int = 25, terminal_: bool = False) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width, height=height, force_terminal=terminal_, color_system=None, highlight=False
    )
    terminal.summary(console, report)
    return file.getvalue()


def test_a_green_run_ends_in_its_counts() -> None:
    assert shown(a_report([a_result()])) == (
        "isolation full\n1 case in 2.0 s: 1 conform, 0 violate, 0 unknown; 0 unexpected\n"
    )


def test_a_failure_has_accepted_against_seen() -> None:
    text = shown(a_report([violated(replays=["violates", "conforms", "violates"])]))
    for told in (
        "unexpected jobs/pattern-c · codex-plugin-cc 1.0.4 · claude-2.1.91",
        "  jobs/pattern-c:JOB-03 is violated: seen 'lost'\n    accepted: survives, refused\n    as the journal tells\n",
        "  cause H1: the row is gone\n  culprit: the SessionEnd hook with SIGTERM\n",
        "  played again alone 3 times: violates, conforms, violates; the first verdict counts: a race is a violation\n",
        "  journal: /runs/1/journal.jsonl\n",
    ):
        assert told in text


def test_what_came_alike_is_told_once_with_every_column() -> None:
    text = shown(a_report([violated(), violated(repeat=2), violated(lifecycle="claude-2.1.329", platform=WINDOWS)]))
    assert text.count("culprit: ") == 1
    assert "claude-2.1.91 · Linux, claude-2.1.329 · Windows (3 times)" in text


def test_known_new_and_fixed_are_told_apart() -> None:
    mixed = a_result(
        a_check("JOB-03", "violates", baseline="new"),
        a_check("JOB-04", "violates", baseline="known", reason="waits for #7"),
        a_check("JOB-06", baseline="stale"),
    )
    text = shown(a_report([mixed, a_result(scenario="jobs/b")], baseline="hookproof.toml"))
    assert "jobs/pattern-c:JOB-04 is violated (known: waits for #7)" in text
    assert "jobs/pattern-c:JOB-06 is satisfied, but is known" in text
    assert "│ JOB-03, JOB-06 fixed, JOB-04 known" in text
    assert "baseline hookproof.toml: 1 known, 1 new, 1 stale" in text


def test_what_was_tested_nowhere_is_told_below_its_reason() -> None:
    rows = [not_tested(), not_tested("JOB-04"), not_tested(lifecycle="claude-2.1.329"), a_result(a_check("JOB-01"))]
    assert shown(a_report([*rows, a_result(a_check("JOB-01"), scenario="jobs/a")])).endswith(
        f"\ntested nowhere: {NO_JOB}\n  JOB-03 on claude-2.1.91, claude-2.1.329\n  JOB-04 on claude-2.1.91\n"
        "5 cases in 2.0 s: 2 conform, 0 violate, 0 unknown, 3 not tested; 0 unexpected\n"
    )


def test_a_case_that_is_not_tested_has_its_own_word_and_a_check_is_counted() -> None:
    half = a_result(a_check(), a_check("JOB-04", "not tested"), a_check("JOB-06", "not tested"))
    text = shown(a_report([half, not_tested(scenario="jobs/b")]))
    assert "jobs/b         │ not tested" in text
    assert "jobs/pattern-c │ conforms (2 not tested)" in text
    assert "unexpected" not in text.splitlines()[0]


def test_beside_a_failure_what_is_not_tested_has_its_reason() -> None:
    text = shown(a_report([a_result(a_check("JOB-01", "violates"), a_check("JOB-04", "not tested"))]))
    assert f"  jobs/pattern-c:JOB-04 is not tested: {NO_JOB}\n" in text


def test_a_requirement_that_stopped_being_tested_and_a_stale_entry_fail_in_a_sentence() -> None:
    results = [a_result(scenario="jobs/a"), not_tested("JOB-04", scenario="jobs/b")]
    new = shown(a_report(results, gate(), baseline="hookproof.toml"))
    assert f"unexpected no case tests JOB-04 on claude-2.1.91, and no [[untested]] entry names it: {NO_JOB}" in new
    assert "baseline hookproof.toml: 0 known, 1 new, 0 stale" in new
    assert new.endswith("; 1 unexpected\n")
    known = shown(a_report(results, gate("JOB-04"), baseline="hookproof.toml"))
    assert "  JOB-04 on claude-2.1.91, as known: it refuses every launch" in known
    assert known.endswith("; 0 unexpected\n")
    assert "unexpected JOB-03 is tested on claude-2.1.91 (by jobs/a)" in shown(a_report(results[:1], gate("JOB-03")))


def test_a_run_that_tested_nothing_says_so() -> None:
    assert f"unexpected {NOTHING_TESTED}\n" in shown(a_report([not_tested()]))


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_line_of_progress(verdict: Verdict) -> None:
    text = line(a_result(a_check(verdict=verdict.value)), surprises=True)
    assert f"]{verdict.value}[/] jobs/pattern-c" in text


def test_a_violated_should_warns() -> None:
    each = a_result(a_check("JOB-08", "violates"), expected=True, unexpected=[])
    assert "warning jobs/pattern-c: JOB-08 (SHOULD) on claude-2.1.91" in shown(a_report([each]))


@pytest.mark.parametrize("width", [50, 60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal_and_no_column_is_lost(width: int) -> None:
    names = ["as-reported-345", "claude-2.1.91", "claude-2.1.329", "claude-2.1.91-windows"]
    results = [violated(scenario=f"jobs/pattern-{n}", lifecycle=name) for n in range(3) for name in names]
    text = shown(a_report(results), width=width, terminal_=True)
    table = text[text.index("scenario ") :]
    # a path is never folded, so that it can be copied
    assert max(len(row) for row in text.splitlines() if "journal: " not in row) <= width
    line = "│" if sys.platform == "win32" else "┃"  # rich's choice for the old console of Windows
    assert table.splitlines()[0].count(line) == len(names)


def test_the_summary_fits_a_screen() -> None:
    many = [a_result(scenario=f"jobs/{number:02}") for number in range(40)]
    text = shown(a_report([*many, a_result(a_check("JOB-08", "violates"), expected=True)]), height=20, terminal_=True)
    assert len(text.splitlines()) <= 20
    assert "40 scenarios conform everywhere" in text
    assert "jobs/pattern-c" in text
    assert "jobs/39" in shown(a_report(many))


def test_markup_in_what_was_seen_is_text() -> None:
    text = shown(a_report([violated(reasons=["[red]x[/nonsense]"], lifecycle="[bold]")]))
    assert "[red]x[/nonsense]" in text
    assert "· [bold]" in text


def a_console(**fields: object) -> Console:
    return Console(file=io.StringIO(), width=80, color_system=None, **fields)  # type: ignore[arg-type]


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_pipe_gets_one_plain_line_a_case() -> None:
    console = a_console()
    with progress(console, 12) as found:
        assert isinstance(found, PlainProgress)
        found.started("jobs/pattern-c", "codex-plugin-cc 1.0.4", "claude-2.1.91", 1)
        found.finished(violated())
        found.finished(a_result(repeat=2))
    assert text_of(console) == (
        " 1/12 violates H1 jobs/pattern-c · codex-plugin-cc 1.0.4 · claude-2.1.91 1.00 s  unexpected\n"
        " 2/12 conforms jobs/pattern-c #2 · codex-plugin-cc 1.0.4 · claude-2.1.91 1.00 s\n"
    )


def test_ci_and_a_dumb_terminal_get_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(progress(a_console(force_terminal=True), 1), LiveProgress)
    monkeypatch.setenv("CI", "true")
    assert isinstance(progress(a_console(force_terminal=True), 1), PlainProgress)
    monkeypatch.delenv("CI")
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress(a_console(force_terminal=True), 1), PlainProgress)


def test_a_terminal_sees_what_is_under_way_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    console = a_console(force_terminal=True)
    with LiveProgress(console, 3) as moving:
        moving.started("jobs/pattern-c", "codex-plugin-cc 1.0.4", "claude-2.1.91", 1)
        moving.started("jobs/pattern-d", "codex-plugin-cc 1.0.4", "claude-2.1.91", 1)
        moving.finished(violated())
        moving.finished(a_result())
        moving.show("by the way")
    text = text_of(console)
    assert set(threading.enumerate()) == before
    assert "jobs/pattern-d" in text
    assert "2/3" in text
    assert "1 unexpected" in text
    assert "violates H1 jobs/pattern-c" in text
    assert "conforms jobs/pattern-c" not in text
    assert "by the way" in text
    assert text.endswith("\x1b[2K") or "\x1b[?25h" in text


def test_the_bar_is_taken_away_when_a_run_breaks() -> None:
    before = set(threading.enumerate())
    console = a_console(force_terminal=True)
    with pytest.raises(KeyboardInterrupt), LiveProgress(console, 3):
        raise KeyboardInterrupt
    assert set(threading.enumerate()) == before
    assert "\x1b[?25h" in text_of(console)


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.console().no_color
    monkeypatch.setenv("NO_COLOR", "")
    assert not terminal.console().no_color


def test_a_known_violation_says_so_in_its_line() -> None:
    each = a_result(a_check(verdict="violates", baseline="known", reason="r"))
    assert line(each, surprises=True).endswith("[dim]known[/]")


def test_what_is_to_be_played_again_is_data_and_no_matter_of_words() -> None:
    each = violated(unexpected=["in whatever words"])
    assert violated_unexpectedly(each) == ["JOB-03"]
    assert violated_unexpectedly(a_result()) == []
