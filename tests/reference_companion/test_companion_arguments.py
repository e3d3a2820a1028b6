"""The command line, as a pure function."""

from __future__ import annotations

import pytest
from companion_world import arguments


@pytest.mark.parametrize(
    ("argv", "text", "background"),
    [
        (["task", "review the diff"], "review the diff", False),
        (["task", "--wait", "review", "the diff"], "review the diff", False),
        (["task", "--background", "review"], "review", True),
        (["task", "--background", "--task", "review the diff"], "review the diff", True),
        (["task", "--task=review the diff", "--background"], "review the diff", True),
        (["task", "--wait", "explain --background"], "explain --background", False),
        (["task", "--task", "--background"], "--background", False),
        (["task", "--", "--background"], "--background", False),
        (["task", "--fix the flag parser"], "--fix the flag parser", False),
        (["adversarial-review"], "", False),
        (["adversarial-review", "--background", "locking"], "locking", True),
    ],
)
def test_what_a_launch_asks_for(argv: list[str], text: str, background: bool) -> None:
    parsed = arguments.parse(argv)
    assert (parsed.text, parsed.background) == (text, background)


def test_a_slash_command_hands_over_everything_as_one_word() -> None:
    parsed = arguments.parse(["status", "task-1 --all"])
    assert (parsed.words, list(parsed.options)) == (["task-1"], ["--all"])
    assert arguments.parse(["status", ""]).words == []


@pytest.mark.parametrize(
    ("argv", "what_it_is_told"),
    [
        ([], "'nothing' is no command; there are: task"),
        (["review"], "'review' is no command; there are: task, adversarial-review, status, result, cancel"),
        (["task"], "task needs a prompt"),
        (["task", "--background"], "task needs a prompt"),
        (["task", "--task"], "task needs a prompt"),
        (["task", "--resume", "x"], "task has no option --resume; it has --background, --wait, --json, --task"),
        (["task", "-b", "x"], "task has no option -b"),
        (["status", "--wait"], "status has no option --wait"),
        (["task", "--background", "--wait", "x"], "--background and --wait exclude each other"),
        (["task", "--task", "x", "y"], "the prompt comes once"),
    ],
)
def test_what_it_does_not_understand(argv: list[str], what_it_is_told: str) -> None:
    with pytest.raises(arguments.UsageError) as error:
        arguments.parse(argv)
    assert what_it_is_told in str(error.value)
