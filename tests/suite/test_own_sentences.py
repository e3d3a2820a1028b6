"""A plugin of somebody else's, and a scenario that says what must come out: played, judged, told in every report.

The right plugin tells its rules, guards the shell, saves what was said and leaves nothing. The wrong one does not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from hookproof import journal as journals
from hookproof.records.run import Case
from hookproof.report.results import schema

pytestmark = pytest.mark.timeout(300)

SCENARIO = """
title = "Rules, a guard, and notes"
source = "mine"
kind = "context"
host = "claude"
user = "Tidy up."

[[model.main]]
call = "Bash"
command = "rm -rf notes.md"
[[model.main]]
text = "Tidied."

[[expect]]
id = "rules"
must = "Main is told the house rules once."
told = { text = "House rule", times = 1 }
[[expect]]
id = "no-secret"
must_not = "Anybody is told the secret."
not_told = { pattern = "(?i)secret" }
[[expect]]
id = "guarded"
must = "The guard denies what would remove files."
[expect.hook]
event = "PreToolUse"
tool = "Bash"
decision = "deny"
payload = { "tool_input.command" = { pattern = "^rm " } }
[[expect]]
id = "kept"
must_not = "Files are removed."
tool = { tool = "Bash", input = "rm -rf", ran = false, denied = true, result = "ask first" }
[[expect]]
id = "saved"
must = "What was said is saved."
file = { path = "{home}/.notes/*.txt", has = "said", lacks = "open" }
[[expect]]
id = "own-data"
must = "The plugin keeps its own data."
file = { path = "{data}/log" }
[[expect]]
id = "nothing-left"
must_not = "Anything runs on."
left = {}
[[expect]]
id = "in-time"
should = "A start is not held up."
within_ms = { event = "SessionStart", ms = 60000 }
[[expect]]
id = "no-complaint"
must_not = "The host refuses what a hook says."
host_warned = { text = "hookEventName", never = true }
"""
DESCRIPTOR = """
name = "mine"
title = "A plugin of mine"
kind = "context"
[recognise]
name = "mine"
[says]
policy = ["House rule"]
"""
COMMAND = 'python3 -I -S "${CLAUDE_PLUGIN_ROOT}/hooks/hook.py"'
HOOKS = {
    event: [{"hooks": [{"type": "command", "command": COMMAND}]}] for event in ("SessionStart", "PreToolUse", "Stop")
}
RIGHT = """
import json, os, sys
event = json.load(sys.stdin)
name = event["hook_event_name"]
notes, data = os.path.join(os.environ["HOME"], ".notes"), os.environ["CLAUDE_PLUGIN_DATA"]
if name == "SessionStart":
    specific = {"hookEventName": name, "additionalContext": "House rule: ask first."}
    print(json.dumps({"hookSpecificOutput": specific}))
elif name == "PreToolUse" and "rm " in event["tool_input"]["command"]:
    print("ask first", file=sys.stderr)
    sys.exit(2)
elif name == "Stop":
    for folder, file in ((notes, "session.txt"), (data, "log")):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, file), "w") as out:
            out.write("said")
"""
WRONG = """
import json, os, sys
event = json.load(sys.stdin)
name = event["hook_event_name"]
if name == "SessionStart":
    print(json.dumps({"hookSpecificOutput": {"hookEventName": "Stop", "additionalContext": "House rule"}}))
elif name == "PreToolUse":
    print(json.dumps({"hookSpecificOutput": {"hookEventName": name, "additionalContext": "the secret"}}))
elif name == "Stop":
    folder = os.path.join(os.environ["HOME"], ".notes")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "session.txt"), "w") as out:
        out.write("said, and still open")
"""
LEAVES = (
    RIGHT
    + """
    import subprocess
    nobody = {stream: subprocess.DEVNULL for stream in ("stdin", "stdout", "stderr")}
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True, **nobody)
"""
)
IDS = ["rules", "no-secret", "guarded", "kept", "saved", "own-data", "nothing-left", "in-time", "no-complaint"]
ON = "claude-2.1.91"


@dataclass(frozen=True, slots=True)
class Project:
    """A repository with a plugin and a scenario of its own."""

    root: Path

    def behave(self, how: str) -> None:
        (self.root / "plugin" / "hooks" / "hook.py").write_text(how, encoding="utf-8")

    def hookproof(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "HOOKPROOF_CACHE": str(self.root / "cache"), **variables}
        argv = [sys.executable, "-m", "hookproof", *words]
        return subprocess.run(argv, capture_output=True, text=True, cwd=self.root, env=env, timeout=240, check=False)

    def play(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.hookproof(
            "run", "mine", "--lifecycle", ON, "--replays", "0", "--json", "r.json", *words, **variables
        )

    @property
    def result(self) -> dict[str, Any]:
        document = json.loads((self.root / "r.json").read_text(encoding="utf-8"))
        assert not list(Draft202012Validator(schema()).iter_errors(document))
        found: dict[str, Any] = document["results"][0]
        return found

    def verdicts(self) -> dict[str, str]:
        return {check["id"]: check["verdict"] for check in self.result["checks"] if check["sentence"] is not None}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    plugin = tmp_path / "plugin"
    (plugin / ".claude-plugin").mkdir(parents=True)
    (plugin / "hooks").mkdir()
    manifest = {"name": "mine", "version": "1.0.0", "description": "x"}
    (plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest))
    (plugin / "hooks" / "hooks.json").write_text(json.dumps({"hooks": HOOKS}))
    (tmp_path / ".git").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.toml").write_text(SCENARIO)
    (tmp_path / "descriptor.toml").write_text(DESCRIPTOR)
    (tmp_path / "hookproof.toml").write_text('plugin = "plugin"\ndescriptor = "descriptor.toml"\nscenarios = "own"\n')
    return Project(tmp_path)


def test_a_right_plugin_conforms_in_every_sentence(project: Project) -> None:
    project.behave(RIGHT)
    done = project.play()
    assert done.returncode == 0, done.stdout + done.stderr
    # a stand-in does not say all that its host says
    assert project.verdicts() == {**dict.fromkeys(IDS, "conforms"), "no-complaint": "not tested"}
    assert project.result["verdict"] == "conforms"


def test_a_wrong_plugin_violates_every_sentence_and_each_report_tells_it(project: Project) -> None:
    project.behave(WRONG)
    files = ("--junit", "r.xml", "--markdown", "r.md", "--html", "r.html")
    done = project.play(*files, HOOKPROOF_ANNOTATE="github")
    assert done.returncode == 1, done.stdout + done.stderr
    assert project.verdicts() == {
        **dict.fromkeys(IDS, "violates"),
        **dict.fromkeys(("nothing-left", "in-time"), "conforms"),
    }
    checks = {check["id"]: check for check in project.result["checks"]}
    assert (checks["kept"]["keyword"], checks["kept"]["sentence"]) == ("MUST NOT", "Files are removed.")
    assert checks["rules"]["agent"] == "main"
    # the host refused what the hook said
    assert project.result["signature"] == "C3"

    assert (
        "  own/mine:rules is violated: seen 'not told'\n    MUST: Main is told the house rules once.\n" in done.stdout
    )
    sentence = "own/mine:guarded (MUST: The guard denies what would remove files.) is violated"
    assert f"{sentence}: seen 'did not run with decision deny and that payload'" in done.stdout.partition("::error ")[2]
    failure = ElementTree.parse(project.root / "r.xml").find(".//failure")  # noqa: S314 - written by hookproof
    assert failure is not None
    assert sentence in failure.attrib["message"]
    assert (
        "- saved (MUST: What was said is saved.) violated: accepted *there, has it"
        in (project.root / "r.md").read_text()
    )
    page = (project.root / "r.html").read_text(encoding="utf-8")
    assert '<span class="keyword">MUST</span> The guard denies what would remove files.' in page
    for name in ("rules", "guarded", "saved"):
        assert f'id="c1-{name}"' in page, f"the moment of {name} is not marked in the picture"


def test_what_is_left_is_told_and_files_that_are_right_are_not_waited_for(project: Project) -> None:
    project.behave(LEAVES)
    project.play()
    assert project.verdicts() == {
        **dict.fromkeys(IDS, "conforms"),
        "nothing-left": "violates",
        "no-complaint": "not tested",
    }


def test_a_run_is_judged_again_by_its_journal_alone(project: Project) -> None:
    project.behave(WRONG)
    project.play("--runs", "runs")
    before = project.result
    shutil.rmtree(project.root / "plugin")
    for name in ("own/mine.toml", "hookproof.toml", "descriptor.toml"):
        (project.root / name).unlink()
    (path,) = (project.root / "runs").rglob("journal.jsonl")
    case = journals.read(path)[0]
    assert isinstance(case, Case)
    assert [each.id for each in case.expect] == IDS
    again = project.hookproof("recheck", str(path.parent.parent), "--json", "r.json")
    assert again.returncode == 1, again.stdout + again.stderr
    assert project.result["checks"] == before["checks"]


def test_a_sentence_can_be_known_and_untested_in_a_baseline(project: Project) -> None:
    project.behave(WRONG)
    recorded = project.play("--update-baseline")
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    text = (project.root / "hookproof.toml").read_text()
    assert 'check = "own/mine:guarded"' in text
    known = project.play()
    assert known.returncode == 0, known.stdout + known.stderr
    project.behave(RIGHT)
    stale = project.play()
    assert stale.returncode == 1
    assert "own/mine:guarded is satisfied" in stale.stdout
    assert "no case tests no-complaint on claude-2.1.91, and no [[untested]] entry names it" in stale.stdout
    (project.root / "hookproof.toml").write_text(text.replace("own/mine:guarded", "own/mine:guard"))
    wrong = project.play()
    assert wrong.returncode == 2
    assert "own/mine does not check 'guard' (it checks: rules, no-secret, guarded," in wrong.stderr


def test_a_sentence_is_explained(project: Project) -> None:
    project.behave(RIGHT)
    said = project.hookproof("explain", "guarded").stdout
    assert "MUST: The guard denies what would remove files." in said
    assert "satisfied by: ran with decision deny and that payload" in said
    assert "a sentence of the scenario own/mine: " in said


def test_what_is_written_after_the_session_is_waited_for(project: Project) -> None:
    """By a process that the hook has left, and that comes to its end by itself: however long it takes for that."""
    later = "import sys, time; time.sleep(3); exec(sys.argv[1])"
    work = RIGHT.partition('elif name == "Stop":\n')
    save = "\n".join(line[4:] for line in work[2].splitlines())
    head = "import os\nnotes, data = {notes!r}, {data!r}\n"
    start = (
        f"    import subprocess\n    head = {head!r}.format(notes=notes, data=data)\n"
        f"    nobody = {{stream: subprocess.DEVNULL for stream in ('stdin', 'stdout', 'stderr')}}\n"
        f"    argv = [sys.executable, '-c', {later!r}, head + {save!r}]\n"
        "    subprocess.Popen(argv, start_new_session=True, **nobody)\n"
    )
    project.behave(work[0] + work[1] + start)
    project.play()
    found = project.verdicts()
    assert (found["saved"], found["own-data"]) == ("conforms", "conforms")
