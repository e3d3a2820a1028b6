"""Plugins whose launches come to nothing, each in a way that was met: green nowhere, red for their own launch alone.

What they are measured by is the run as a whole: its exit status, each case's verdict, and what the details say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from miniature import change, descriptor, played, verdicts, with_command, with_task

LOSES = (
    "cancel",
    "codex-dies",
    "exit-while-running",
    "foreign-pid-cancelled",
    "list-full",
    "pattern-c",
    "result-after-session",
    "torn-state",
    "two-sessions-end",
    "without-hook-environment",
    "worker-dies",
)
"""What conformed where no job was ever launched."""
BACKGROUND = 'if "--background" in sys.argv:\n    print({text!r}, file=sys.stderr)\n    sys.exit({status})'
USAGE = "Unknown option. Usage: task PROMPT [--wait|--detach]"
TEXTS = {
    "a usage that names --wait": USAGE,
    "another way is named": "--background is not supported here; use `detach` and `poll`",
    "a file of its own is missing": "Error: Cannot find module './lib/launch.mjs'",
}


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    """Scenario -> verdict."""
    return {result["scenario"].removeprefix("jobs/"): result["verdict"] for result in document["results"]}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_background_launch_that_is_refused_everywhere(text: str, tmp_path: Path) -> None:
    plugin = with_task(tmp_path, BACKGROUND.format(text=text, status=1))
    loses = LOSES if text == USAGE else ("exit-while-running", "pattern-c", "worker-dies")
    names = [f"jobs/{name}" for name in (*loses, "pattern-a", "launches-at-once", "pattern-b")]
    status, said, document = played(plugin, tmp_path, *names, "--descriptor", str(descriptor(tmp_path)), "-j", "2")
    assert status == 1, said
    assert document["preflight"][0]["outcome"] == "refused"
    found = outcomes(document)
    assert {found[name] for name in loses} == {"not tested"}, found
    assert (found["pattern-a"], found["launches-at-once"], found["pattern-b"]) == ("violates", "violates", "conforms")
    for result in document["results"]:
        broken = {check["id"] for check in result["checks"] if check["verdict"] == "violates"}
        assert broken <= {"JOB-01", "JOB-10"}, result
        reasons = [
            check["detail"] for check in result["checks"] if check["verdict"] == "not tested" and not check["standing"]
        ]
        assert all(text in reason for reason in reasons), reasons


def test_one_that_comes_back_with_a_help_text_is_no_launch(tmp_path: Path) -> None:
    """An exit status of 0, and a text that names --wait: whatever it is, it is no refusal."""
    plugin = with_task(tmp_path, 'print("task PROMPT [--wait]  asks Codex")\nsys.exit(0)')
    status, said, document = played(plugin, tmp_path, "jobs/*", "--descriptor", str(descriptor(tmp_path)))
    assert (status, document["results"]) == (2, []), said
    assert "the launch printed no id of a job, and no error" in said


def test_a_descriptor_that_names_another_plugins_script(tmp_path: Path) -> None:
    plugin = with_task(tmp_path, "pass")
    other = descriptor(tmp_path, 'scripts/companion.py" task', 'scripts/codex-companion.mjs" task')
    status, said, document = played(plugin, tmp_path, "jobs/*", "--descriptor", str(other))
    assert (status, document["results"]) == (2, []), said
    assert "names scripts/codex-companion.mjs, which the plugin does not have" in said


def test_in_a_subagent_alone_it_may_be_refused(tmp_path: Path) -> None:
    """The main session launches; JOB-03 conforms by the refusal, and what would need a job says that there was none."""
    plugin = with_task(tmp_path, "pass")
    (plugin / "policy").write_text("fix-1-refuse\n", encoding="utf-8")
    _, said, document = played(plugin, tmp_path, "jobs/pattern-c", "--descriptor", str(descriptor(tmp_path)))
    assert document["preflight"][0]["outcome"] == "started"
    (result,) = document["results"]
    found = {check["id"]: check["verdict"] for check in result["checks"] if not check["standing"]}
    assert (result["verdict"], found) == ("conforms", {"JOB-03": "conforms", "JOB-04": "not tested"}), said


def test_the_plugin_is_played_from_a_folder_of_its_own_name(tmp_path: Path) -> None:
    """It imports itself by that name, as plugins do that are packages."""
    lines = (
        "import importlib\nhere = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))\n"
        "sys.path.insert(0, os.path.dirname(here))\nimportlib.import_module('hook_ify')"
    )
    plugin = with_task(tmp_path, lines).rename(tmp_path / "hook_ify")
    (plugin / "__init__.py").touch()
    status, said, _ = played(plugin, tmp_path, "jobs/pattern-a", "--descriptor", str(descriptor(tmp_path)))
    assert status == 0, said


def test_a_space_and_a_letter_outside_ascii_in_its_name_are_no_matter(tmp_path: Path) -> None:
    plugin = with_task(tmp_path, "pass").rename(tmp_path / "the plug-in, \u00fcbung (2)")
    names = ("jobs/pattern-a", "jobs/cancel-queued", "jobs/exit-while-running")
    status, said, _ = played(plugin, tmp_path, *names, "--descriptor", str(descriptor(tmp_path)))
    assert status == 0, said


ELSEWHERE = ("cancel", "exit-while-running", "without-hook-environment")


def test_state_that_the_descriptor_does_not_find_is_never_lost(tmp_path: Path) -> None:
    """Its status lists every job; what is in its rows nobody can tell."""
    plugin = with_task(tmp_path, "pass")
    file = descriptor(tmp_path)
    text = file.read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if each.startswith("roots = ")]
    change(file, line, 'roots = ["{home}/.elsewhere/state/*"]')
    names = [f"jobs/{name}" for name in ELSEWHERE]
    words = ["--descriptor", str(file), "-j", "2", "--patience", "20", "--replays", "0"]
    status, said, document = played(plugin, tmp_path, *names, *words)
    assert status == 1, said
    assert document["preflight"][0]["outcome"] == "started"
    found = verdicts(document)
    assert "violates" not in found, [
        (result["scenario"], check["id"], check["seen"], check["detail"])
        for result in document["results"]
        for check in result["checks"]
        if check["verdict"] == "violates"
    ]
    assert {"JOB-06", "JOB-16"} & found["unknown"], found
    assert not {each["signature"] for each in document["results"]} & {"H4", "H5"}


@pytest.mark.parametrize("extra", ["", "another list, which is empty"])
def test_a_state_file_of_another_name_is_not_lost(extra: str, tmp_path: Path) -> None:
    """The root is there, and no list of that name; or one that somebody else keeps there, and no row ever comes in."""
    lines = (
        "import glob\n"
        "for root in glob.glob(os.path.expanduser('~/.codex-companion/state/*')):\n"
        "    with open(os.path.join(root, 'list.json'), 'w', encoding='utf-8') as file:\n"
        "        file.write('{\"jobs\": []}')"
    )
    # by the time that there is a worker its root is there
    plugin = with_command(tmp_path, "worker", lines if extra else "pass")
    file = descriptor(tmp_path, 'file = "state.json"', 'file = "list.json"')
    words = ["--descriptor", str(file), "-j", "2", "--patience", "20", "--replays", "0"]
    status, said, document = played(plugin, tmp_path, "jobs/cancel", "jobs/without-hook-environment", *words)
    assert status == 1, said
    found = {check["id"]: check for result in document["results"] for check in result["checks"]}
    assert {found[name]["verdict"] for name in ("JOB-13", "JOB-16")} == {"unknown"}, found
    assert "violates" not in verdicts(document), said


def test_another_sessions_hook_that_was_cut_says_nothing(tmp_path: Path) -> None:
    """It takes the shared server down, and its host ends it before it gets there."""
    plugin = with_task(tmp_path, "pass")
    (plugin / "policy").write_text("as-reported\n", encoding="utf-8")
    blocks = (
        'if __name__ == "__main__":\n    import json, signal, threading\n'
        "    text = sys.stdin.buffer.read()\n"
        '    if json.loads(text)["hook_event_name"] == "SessionEnd":\n        threading.Event().wait()\n'
        "    import io\n    sys.stdin = io.TextIOWrapper(io.BytesIO(text))\n"
    )
    change(plugin / "scripts" / "hook.py", 'if __name__ == "__main__":\n', blocks)
    words = ["--descriptor", str(descriptor(tmp_path)), "--lifecycle", "claude-2.1.91", "--replays", "0"]
    _, said, document = played(plugin, tmp_path, "jobs/another-session-ends", *words)
    (result,) = document["results"]
    by_id = {check["id"]: check for check in result["checks"]}
    assert by_id["JOB-05"]["verdict"] == "not tested", said
    assert "the other session's hook had no time for what it does" in by_id["JOB-05"]["detail"]
