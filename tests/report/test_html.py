"""The HTML report: well-formed, self-contained, escaped, small, the same twice, with what a maintainer looks for."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from made_reports import NO_JOB, a_check, a_report, a_result, gate, not_tested, violated
from timelines import HOSTILE, PATTERN_C, journal, request, written

from hookproof.records.hosts import HostLine, User
from hookproof.records.run import Case
from hookproof.report.html import page as html
from hookproof.report.html.selection import FEW, MOST_BYTES
from hookproof.report.results import NOTHING_TESTED, CriterionResult, Program, Skipped

CASE = ("scenario", "plugin", "lifecycle")
_VOID = {"meta", "input", "br", "img", "link", "hr"}


class Reader(HTMLParser):
    """Reads a document strictly: every tag closed in its order; keeps attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [a for name, a in self.tags if name == tag and all(a.get(k.rstrip("_")) == v for k, v in wanted.items())]


@pytest.fixture
def pattern_c(tmp_path: Path) -> str:
    return written(tmp_path / "journal.jsonl", PATTERN_C)


def test_a_case_has_its_verdict_its_requirement_its_culprit_and_its_picture(pattern_c: str) -> None:
    read = Reader(html.render(a_report([violated(journal=pattern_c)])))
    for part in (
        "1 case in 2.0 s",
        "JOB-03 MUST A job that a subagent starts in the background outlives the subagent",
        "source: issue #345, Pattern C and fixes 1 and 2",
        "survives or refused",
        "Who ended the job: the SessionEnd hook with SIGTERM",
        "observed",
        "Cause H1: a SessionEnd hook of the job's own session",
        "Because the row is gone",
        "✖ JOB-03 is broken here: lost",
        "SIGTERM?",
        f"{len(PATTERN_C)} records of the journal",
    ):
        assert part in read.text
    assert read.all("svg", role="img")
    assert read.all("details", class_="case-picture")[0].keys() == {"class", "open"}


def test_every_link_leads_somewhere_and_nothing_comes_from_elsewhere(pattern_c: str) -> None:
    read = Reader(html.render(a_report([violated(journal=pattern_c), a_result(journal=pattern_c)])))
    ids = [a["id"] for _, a in read.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [str(a["href"]) for a in read.all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    outside = {link for link in links if not link.startswith("#")}
    assert outside == {"https://github.com/openai/codex-plugin-cc/issues/345"}
    assert not [a for _, a in read.tags if "src" in a]
    assert not [tag for tag, _ in read.tags if tag in {"link", "img", "iframe", "object", "base"}]
    assert not re.search(r"url\(|@import", html.render(a_report([])))


def test_only_our_script_may_run(pattern_c: str) -> None:
    read = Reader(html.render(a_report([violated(journal=pattern_c)])))
    policy = read.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"] or ""
    assert policy.startswith("default-src 'none'; ")
    assert "script-src 'sha256-" in policy
    assert not [name for _, a in read.tags for name in a if name.startswith("on")]


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    hostile = User(session="main", text=HOSTILE)
    records = journal(hostile, request(1, HOSTILE, HOSTILE), **dict.fromkeys(("title", *CASE), HOSTILE))
    check = a_check("JOB-03", "violates", seen=HOSTILE, detail=HOSTILE, accepted=[HOSTILE])
    path = written(tmp_path / "j.jsonl", records)
    each = a_result(check, journal=path, scenario=HOSTILE, plugin=HOSTILE, lifecycle=HOSTILE, errors=[HOSTILE])
    harmless = Reader(html.render(a_report([violated(journal=path)])))
    text = html.render(a_report([each]))
    read = Reader(text)
    assert len(read.all("script")) == len(harmless.all("script")) == 1
    assert not read.all("img")
    assert "<script>alert" not in text
    assert "onerror=alert(2)" in read.text


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, pattern_c: str) -> None:
    report = a_report([violated(journal=pattern_c), a_result(journal=pattern_c)])
    for name in ("one.html", "two.html"):
        html.write(tmp_path / name, report)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_without_journals_there_are_words_but_no_pictures(pattern_c: str) -> None:
    read = Reader(html.render(a_report([violated(journal=pattern_c)]), journals=False))
    assert "Who ended the job" in read.text
    assert not read.all("details", class_="case-picture")


WHOLE = '"scenario":"jobs/pattern-c","plugin":"codex-plugin-cc 1.0.4","lifecycle":"claude-2.1.91"'


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{}\n{}\n",
        '{"seq":1,"at":0,"kind":"case"}\n',
        '{"seq":1,"at":0,"kind":"case",' + WHOLE + '}\n{"seq":2,"at":1,"kind":"hook.started"}\n',
        "a secret of this machine\n",
    ],
)
def test_a_journal_that_cannot_be_read_costs_only_its_picture(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "j.jsonl"
    if broken:
        path.write_text(broken, encoding="utf-8")
    read = Reader(html.render(a_report([violated(journal=str(path))])))
    assert "No picture: " in read.text
    assert "JOB-03" in read.text
    assert "secret" not in read.text


def test_the_matrix_links_to_every_case(pattern_c: str) -> None:
    two = [violated(journal=pattern_c), a_result(lifecycle="claude-2.1.329", journal=pattern_c)]
    read = Reader(html.render(a_report(two)))
    assert "JOB-03 H1" in read.text
    assert {"#c1", "#c2"} <= {a["href"] for a in read.all("a")}
    assert [a["id"] for a in read.all("section", class_="case")] == ["c1", "c2"]


def test_many_that_are_fine_are_compact_rows(pattern_c: str) -> None:
    fine = [a_result(scenario=f"jobs/s{n}", journal=pattern_c) for n in range(FEW)]
    read = Reader(html.render(a_report([*fine, violated(journal=pattern_c)])))
    assert len(read.all("section", class_="case")) == 1
    assert f"{FEW} as expected and conforming" in read.text
    assert read.all("tr", id="c1")


def test_of_cases_that_came_out_alike_one_has_the_picture(pattern_c: str) -> None:
    repeats = [violated(repeat=n, expected=True, unexpected=[], journal=pattern_c) for n in range(1, FEW + 2)]
    read = Reader(html.render(a_report(repeats)))
    assert [a["id"] for a in read.all("section", class_="case")] == ["c1"]
    assert f"{FEW} came out like another" in read.text


def test_a_report_keeps_its_size_and_says_what_is_left_out(tmp_path: Path) -> None:
    long = [HostLine(seq=99, at=1.0, session="main", text="<" * 700) for _ in range(700)]
    first, rest = PATTERN_C[0], [*PATTERN_C[1:], *long]
    assert isinstance(first, Case)
    results = []
    for name in (f"jobs/s{n}" for n in range(60)):
        path = written(tmp_path / f"{name[5:]}.jsonl", [replace(first, scenario=name), *rest])
        results.append(violated(scenario=name, journal=path))
    text = html.render(a_report(results))
    assert len(text.encode()) < MOST_BYTES + 600_000
    assert "No picture: this report would be too large with it" in text
    assert 'class="case-picture"' in text


def test_a_long_journal_is_drawn_with_shorter_texts(tmp_path: Path) -> None:
    asked = [request(n, "main", f"{n} " + "long text " * 200) for n in range(11_000)]
    path = written(tmp_path / "j.jsonl", journal(*asked))
    text = html.render(a_report([violated(journal=path)]))
    assert len(text.encode()) < 10_000_000
    assert "events more are left out: a picture shows 10,000." in text
    assert "for the size of this report" in text
    assert text.count("<li") >= 10_000


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"plugin": "reference:as-reported"}, "--plugin reference:as-reported --lifecycle claude-2.1.91"),
        ({}, "--plugin PATH/TO/codex-plugin-cc-1.0.4 --lifecycle claude-2.1.91"),
        (
            {"host": Program(name="claude", version="2.1.329"), "worker": Program(name="codex", version="0.130.0")},
            "--plugin PATH/TO/codex-plugin-cc-1.0.4 --claude npm:2.1.329 --codex npm:0.130.0",
        ),
        ({"host": Program(name="codex", version="0.133.0")}, "PATH/TO/codex-plugin-cc-1.0.4 --codex npm:0.133.0"),
        ({"repeat": 3}, "--lifecycle claude-2.1.91 --repeat 3"),
    ],
)
def test_the_command_plays_the_case_again(fields: dict[str, object], expected: str) -> None:
    read = Reader(html.render(a_report([a_result(**fields)]), journals=False))
    assert f"hookproof run jobs/pattern-c --plugin {expected.removeprefix('--plugin ')}" in read.text or (
        read.text.count(expected) == 1
    )


def test_the_command_names_the_plugin_as_it_was_named() -> None:
    text = html.render(a_report([a_result()]), journals=False, plugins={"codex-plugin-cc 1.0.4": "my plugins/codex"})
    assert "--plugin &#39;my plugins/codex&#39;" in text


def test_criteria_skipped_cases_and_known_violations_are_told() -> None:
    known = a_result(a_check("JOB-03", "violates", baseline="known", reason="waits for 1.0.5"))
    criterion = CriterionResult(text="The child gets its block", verdict="not met", seen="no block")
    skipped = Skipped(scenario="jobs/x", plugin="p", lifecycle="l", reason="needs node")
    read = Reader(html.render(a_report([known], criteria=[criterion], skipped=[skipped]), journals=False))
    for part in ("The child gets its block", "not met", "jobs/x · p on l: needs node", "known", "waits for 1.0.5"):
        assert part in read.text


def test_what_is_not_tested_has_its_own_colour_and_its_reason() -> None:
    half = a_result(a_check(), a_check("JOB-04", "not tested"))
    text = html.render(a_report([half, not_tested("JOB-06", scenario="jobs/b")]), journals=False)
    assert '<td class="not-tested"><a href="#c2">not tested</a>' in text
    assert '<td class="conforms"><a href="#c1">conforms (1 not tested)</a>' in text
    assert text.count('<span class="badge not-tested">not tested</span>') == 3  # the case, and a check of each
    assert '<b class="not-tested">1 not tested</b>' in text
    assert ".badge.not-tested {" in text
    read = Reader(text).text
    assert f"Tested nowhere {NO_JOB}" in " ".join(read.split()).replace(
        "What these requirements presuppose came about in no case, for the reason given. That is no violation, and no "
        "proof either. ",
        "",
    )


def test_what_fails_besides_the_cases_stands_among_what_was_not_expected() -> None:
    text = html.render(a_report([a_result(), not_tested("JOB-04", scenario="jobs/b")], gate()), journals=False)
    assert "<li>no case tests JOB-04 on claude-2.1.91, and no [[untested]] entry names it" in text
    assert '<b class="violates">1 not as expected</b>' in text
    nothing = html.render(a_report([not_tested()]), journals=False)
    assert f"<li>{NOTHING_TESTED}</li>" in nothing
    assert '<b class="violates">0 not as expected</b>' in nothing


def test_an_empty_report_is_a_report() -> None:
    assert "0 cases" in Reader(html.render(a_report([]))).text
