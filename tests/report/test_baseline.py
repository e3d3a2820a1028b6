"""The baseline: read with every mistake in its place, exact in both directions, and written without losing a letter."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st
from made_reports import LINUX, WINDOWS, a_check, a_result

from hookproof.catalogue.reading import CatalogueError
from hookproof.judge.baseline import Baseline, baseline_path, find, read_baseline, system_of
from hookproof.report.baseline import Update, outcomes, update
from hookproof.report.results import Result
from hookproof.report.untested import found as untested
from hookproof.suite.judging import known_checks

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
    done = update(text, found, outcomes(results, replays), platform, TODAY, untested(results, found))
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
    assert baseline_path(plugin) == tmp_path / "repository" / "hookproof.toml"
    (tmp_path / "repository" / "hookproof.toml").touch()
    assert find(plugin) == baseline_path(plugin) == tmp_path / "repository" / "hookproof.toml"
    (plugin / "hookproof.toml").touch()
    assert find(plugin) == plugin / "hookproof.toml"


def test_without_a_repository_a_new_file_belongs_to_the_plugin(tmp_path: Path) -> None:
    assert baseline_path(tmp_path / "codex") == tmp_path.resolve() / "codex" / "hookproof.toml"


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


STILL = a_result(a_check("JOB-03", "violates", baseline="known"), a_check("JOB-04", "violates", baseline="new"))
FIXED = a_result(a_check("JOB-03", baseline="stale"))
RACE = a_result(a_check("JOB-03", "violates", baseline="known"))
INLINE = """\
# ours
known = [
  # about C
  { check = "jobs/pattern-c:JOB-03", lifecycles = ["claude-2.1.91", 'as-reported-345'], reason = "c" }, # see #7
  {check="jobs/pattern-d:JOB-21", lifecycles=["claude-2.1.91"], reason='''d'''}
]
"""


def test_a_list_in_braces_is_edited_in_its_own_manner(tmp_path: Path) -> None:
    done = updated(baseline(tmp_path, INLINE), STILL)
    assert done.text.splitlines()[:4] == INLINE.splitlines()[:4]
    assert [entry["check"] for entry in known(done)] == [
        "jobs/pattern-c:JOB-03",
        "jobs/pattern-d:JOB-21",
        "jobs/pattern-c:JOB-04",
    ]
    assert "[[known]]" not in done.text
    fixed = updated(baseline(tmp_path, INLINE), FIXED)
    assert fixed.text == INLINE.replace('"claude-2.1.91", \'as', "'as")
    assert (fixed.added, fixed.removed) == (0, 1)


def test_a_list_in_braces_may_become_empty_and_grow_again(tmp_path: Path) -> None:
    one = 'known = [{check = "jobs/pattern-c:JOB-03", lifecycles = ["claude-2.1.91"], reason = "r"}] # all of it\n'
    done = updated(baseline(tmp_path, one), FIXED)
    assert done.text == "known = [] # all of it\n"
    again = updated(read_baseline(tmp_path / "hookproof.toml", SCENARIOS), new())
    assert again.text.startswith('known = [{check = "jobs/pattern-c:JOB-04", ')
    assert again.text.endswith("}] # all of it\n")


def test_a_header_may_be_quoted_and_a_text_may_look_like_one(tmp_path: Path) -> None:
    text = """\
  [[ "known" ]] # by hand
check = "jobs/pattern-c:JOB-03"
lifecycles = ["claude-2.1.91", "as-reported-345"]
reason = '''
[[known]]
waits for #7'''
"""
    (told,) = mistakes(tmp_path, f"\n{text}\n" + ENTRY.replace("pattern-c", "pattern-x"))
    assert told.startswith("line 9: known[2] (jobs/pattern-x:JOB-03): there is no scenario")
    done = updated(baseline(tmp_path, text), FIXED)
    assert done.text == text.replace('"claude-2.1.91", ', "")


def test_a_mistake_in_a_list_in_braces_has_its_line(tmp_path: Path) -> None:
    told = mistakes(tmp_path, INLINE.replace("JOB-21", "JOB-22").replace('reason = "c"', 'reason = ""'))
    assert [each.partition(": ")[0] for each in told] == ["line 4", "line 5"]
    assert "known[2] (jobs/pattern-d:JOB-22): jobs/pattern-d does not check" in told[1]


def test_without_its_line_a_mistake_is_told_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread(_text: str) -> None:
        raise tomlkit.exceptions.ParseError(1, 2)

    monkeypatch.setattr(tomlkit, "parse", unread)
    (told,) = mistakes(tmp_path, ENTRY.replace("waits for #7", ""))
    assert told.startswith("known[1] (jobs/pattern-c:JOB-03): has no reason")


def test_what_is_inside_an_entry_stays_when_it_changes(tmp_path: Path) -> None:
    text = """\
# ours

[[known]]
reason = 'c' # because
lifecycles = [
  "as-reported-345", # the reporter's
  "claude-2.1.91",
]
# which one?
check = "jobs/pattern-c:JOB-03"
# until here

# about D
[[known]]
check = "jobs/pattern-d:JOB-21"
lifecycles = ["claude-2.1.91"]
reason = "d"
"""
    done = updated(baseline(tmp_path, text), FIXED)
    assert done.text == text.replace('  "claude-2.1.91",\n', "")
    race = updated(baseline(tmp_path, text), RACE, FIXED)
    assert race.text == text.replace('JOB-03"\n', 'JOB-03"\nsometimes = true\n')
    assert known(race)[0]["sometimes"] is True


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_comment_goes_with_the_entry_that_it_is_about(tmp_path: Path, newline: str) -> None:
    entry = ENTRY.replace(', "as-reported-345"', "")
    other = entry.replace("pattern-c:JOB-03", "pattern-d:JOB-21")
    about_c, about_d = f"# about C\n# and more\n{entry}", f"# about D\n{other}# end\n"
    path = tmp_path / "hookproof.toml"
    for before, after in ((f"{about_c}\n{about_d}", about_d), (f"{about_d}\n{about_c}", about_d)):
        path.write_text(f"# ours\n\n{before}", encoding="utf-8", newline=newline)
        found = read_baseline(path, SCENARIOS)
        text = path.read_bytes().decode()
        done = update(text, found, outcomes([FIXED, new(lifecycle="as-reported-345")]), LINUX, TODAY)
        assert done.text.startswith(f"# ours\n\n{after}\n[[known]]\n".replace("\n", newline))
        assert done.text.count("\n") == done.text.count(newline)
        assert [entry["check"] for entry in known(done)] == ["jobs/pattern-d:JOB-21", "jobs/pattern-c:JOB-04"]


def test_when_nothing_is_left_only_what_opens_the_file_is(tmp_path: Path) -> None:
    text = "# ours\n\n# about C\n" + ENTRY.replace(', "as-reported-345"', "")
    done = updated(baseline(tmp_path, text), FIXED)
    assert done.text == "# ours\n"
    again = updated(read_baseline(tmp_path / "hookproof.toml", SCENARIOS), new())
    assert again.text.startswith("# ours\n\n[[known]]\ncheck = ")


def test_a_file_that_was_spoilt_while_the_run_played_is_not_written(tmp_path: Path) -> None:
    found = baseline(tmp_path, ENTRY)
    deep = f"known = {'[' * 5000}{']' * 5000}\n"
    for text, mistake in (
        ("[[known]\n", "cannot be edited: "),
        (deep, "cannot be edited: "),
        (ENTRY.replace("check", "cheque"), "unknown key"),
    ):
        with pytest.raises(CatalogueError, match=mistake):
            update(text, found, outcomes([FIXED]), LINUX, TODAY)


def test_what_was_written_while_the_run_played_is_kept(tmp_path: Path) -> None:
    found = baseline(tmp_path, ENTRY)
    other = ENTRY.replace("pattern-c:JOB-03", "pattern-d:JOB-21")
    done = update(other + "\n" + ENTRY, found, outcomes([FIXED]), LINUX, TODAY)
    assert done.text == other + "\n" + ENTRY.replace('"claude-2.1.91", ', "")


WORDS = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)


@given(WORDS, st.sampled_from([[], ["linux"]]))
def test_every_reason_survives_a_rewrite(reason: str, platforms: list[str]) -> None:
    entry = {"check": "jobs/pattern-c:JOB-03", "lifecycles": ["claude-2.1.91", "as-reported-345"], "reason": reason}
    for kind in (list, _as_inline):
        text = tomlkit.dumps({"known": kind([{**entry, "platforms": platforms}])})
        fixed = outcomes([a_result(a_check("JOB-03"))])
        done = update(text, Baseline(Path("x")), fixed, LINUX, TODAY)
        assert known(done) == [{**entry, "lifecycles": ["as-reported-345"], "platforms": platforms}]


def _as_inline(tables: list[dict[str, object]]) -> tomlkit.items.Array:
    array = tomlkit.array()
    for each in tables:
        inline = tomlkit.inline_table()
        inline.update(each)
        array.append(inline)
    return array


def test_the_shipped_scenarios_are_what_it_is_held_against() -> None:
    assert "JOB-03" in known_checks()["jobs/pattern-c"]
