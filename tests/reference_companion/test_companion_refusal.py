"""When a background job is refused: the reading of a shell command, the marker, and the age of a session."""

from __future__ import annotations

import shlex
import time

import pytest
from companion_world import PLUGIN, policy, refusal
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

COMPANION = (PLUGIN / "scripts" / "companion.py").as_posix()  # a backslash means something else to a shell
SENTENCE = "--background is unsafe inside a subagent because SessionEnd will terminate the job. Use --wait instead."


def refused(command: str, cwd: str = "/") -> bool:
    return refusal.launches_in_background(command, cwd)


def test_the_sentence_is_the_one_that_the_issue_proposes() -> None:
    assert refusal.SENTENCE == SENTENCE


@pytest.mark.parametrize(
    "command",
    [
        "python3 -I -S {} task --background 'review the diff'",
        'python3 -I -S "{}" task --background --task "review the diff"',
        "python3 {} task 'review the diff' --background",
        "{} task --background x",
        "/usr/bin/python3.12 {} adversarial-review --background",
        'python3 "${{CLAUDE_PLUGIN_ROOT}}/scripts/companion.py" task --background x',
        "python3 $CLAUDE_PLUGIN_ROOT/scripts/companion.py task --background x",
        "cd /tmp && python3 {} task --background x",
        "cd {root} && python3 scripts/companion.py task --background x",
        "cd {root}; cd scripts; python3 ./companion.py task --background x",
        "LANG=C X='a b' python3 {} task --background x",
        "env -i PATH=/bin nohup timeout 5m python3 {} task --background x &",
        "echo hello | python3 {} task --background x",
        "echo hello\npython3 {} task --background x",
        "# don't wait\npython3 {} task --background x  # it's fine",
        "python3 {} \\\n  task --background x",
        "if true; then python3 {} task --background x; fi",
        "(python3 {} task --background x)",
        "id=$(python3 {} task --background x)",
        "python3 {} task >/tmp/out 2>&1 --background x",
        "bash -lc 'python3 {} task --background x'",
        "cat <<EOF\nit's text\nEOF\npython3 {} task --background x",
    ],
)
def test_refused(command: str) -> None:
    assert refused(command.format(COMPANION, root=PLUGIN.as_posix()))


def test_a_path_of_windows_is_refused_between_quotes() -> None:
    companion = str(PLUGIN / "scripts" / "companion.py")  # with backslashes there
    assert refused(f'python3 "{companion}" task --background x')
    assert refused(f"python3 '{companion}' task --background x")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "python3 {} task --wait 'explain --background'",
        "python3 {} task 'say: companion.py task --background x'",
        "python3 {} task --task --background",
        "python3 {} task -- --background",
        "python3 {} task --background --wait x",
        "python3 {} task --background",
        "python3 {} status --background",
        "python3 {} status; other --background",
        "echo python3 {} task --background x",
        "grep -- --background {}",
        "node companion.mjs task --background x",
        "python3 /elsewhere/scripts/companion.py task --background x",
        "python3 $SOMEWHERE/companion.py task --background x",
        "python3 companion.py task --background x",
        "python3 {}.bak task --background x",
        "python3 -c 'task --background' {}",
        "# python3 {} task --background x",
        "cat > notes <<'EOF'\npython3 {} task --background x\nEOF",
        "python3 {} task 'unfinished --background",
        "sleep 100 &",
    ],
)
def test_let_through(command: str) -> None:
    assert not refused(command.format(COMPANION))


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(prompt=st.lists(words, min_size=1, max_size=3).filter(lambda texts: "".join(texts).strip() != ""))
def test_no_prompt_is_taken_for_the_flag(prompt: list[str]) -> None:
    quoted = " ".join(map(shlex.quote, prompt))
    assert not refused(f"python3 {shlex.quote(COMPANION)} task --wait -- {quoted}")


@given(prompt=words.filter(lambda text: text.strip() != ""), before=words, after=words)
def test_no_prompt_hides_the_flag(prompt: str, before: str, after: str) -> None:
    launch = f"python3 {shlex.quote(COMPANION)} task --background -- {shlex.quote(prompt)}"
    assert refused(f"echo {shlex.quote(before)} && {launch}; echo {shlex.quote(after)}")


@given(words=st.lists(words, max_size=6))
def test_words_are_read_as_a_shell_reads_them(words: list[str]) -> None:
    assert list(refusal.simple_commands(shlex.join(words))) == [words]


@given(script=st.text(st.sampled_from("ab '\"\\;&|()<>\n#$-="), max_size=40))
def test_no_script_is_too_broken_to_be_looked_at(script: str) -> None:
    assert not refused(script)


def test_the_age_of_a_session() -> None:
    with freeze_time("2026-05-22 10:00:00") as clock:
        began = time.time()
        assert refusal.is_young(time.time(), began, 60)
        clock.tick(59.9)
        assert refusal.is_young(time.time(), began, 60)
        clock.tick(0.1)
        assert not refusal.is_young(time.time(), began, 60)
        assert not refusal.is_young(time.time(), None, 60)
        assert not refusal.is_young(time.time(), began, 0)


@freeze_time("2026-05-22 10:00:00")
@pytest.mark.parametrize(
    ("line", "marker", "age", "refuses"),
    [
        ("as-reported", "1", 0.0, False),
        ("fix-1-refuse", "", 0.0, False),
        ("fix-1-refuse", "1", None, True),
        ("fix-1-refuse+young-session", "", 59.0, True),
        ("fix-1-refuse+young-session", "", 61.0, False),
        ("fix-1-refuse+young-session", "", None, False),
    ],
)
def test_what_the_launch_knows(
    monkeypatch: pytest.MonkeyPatch, line: str, marker: str, age: float | None, refuses: bool
) -> None:
    monkeypatch.setenv("CLAUDE_CODE_SUBAGENT", marker)
    monkeypatch.setenv("CLAUDE_CODE_CHILD_SESSION", "1")
    began = None if age is None else time.time() - age
    assert refusal.at_launch(policy.parse(line), began, time.time()) is refuses
