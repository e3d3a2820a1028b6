"""The tools on files: what a call does, what it is refused for, what hooks and the model are told of it."""

from __future__ import annotations

import claude_facts as facts
import pytest
from claude_bench import Bench
from claude_hooks import HELLO, NEW, play, prints, specific
from conftest import MakeBench, MakeModel
from scripted_model import ScriptedModel, Step, call, calls, text


def results(bench: Bench, model: ScriptedModel, lifecycle: str) -> list[str]:
    """What the model was told of each call, in their order."""
    play(bench, lifecycle)
    last = model.of("main")[-1]
    return [result["content"] for result in last.tool_results().values()]


def edit(path: str, old: str, new: str, *, named: str = "edit", **more: object) -> Step:
    return call("Edit", id=named, file_path=path, old_string=old, new_string=new, **more)


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_file_is_written_edited_and_read(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    steps = [
        call("Write", file_path="new/a.txt", content="one\ntwo\ntwo\n"),
        edit("new/a.txt", "one", "three"),
        edit("new/a.txt", "two", "four", named="everywhere", replace_all=True),
        call("Read", file_path="new/a.txt"),
    ]
    model = make_model(main=[*steps, text("done")])
    bench = make_bench(model)
    bench.hook("PostToolUse", ":")
    created, edited, everywhere, read = results(bench, model, lifecycle)
    path = bench.project / "new" / "a.txt"
    assert path.read_text() == "three\nfour\nfour\n"
    assert created.startswith(f"File created successfully at: {path}")
    assert edited.startswith(f"The file {path} has been updated successfully.")
    assert everywhere.startswith(f"The file {path} has been updated. All occurrences")
    assert read == "1\tthree\n2\tfour\n3\tfour\n4\t"
    responses = [r["payload"]["tool_response"] for r in bench.journal.of("hook.started", event="PostToolUse")]
    assert responses[0]["type"] == "create"
    assert ("userModified" in responses[0]) is (lifecycle == NEW)
    assert [hunk["lines"] for hunk in responses[2]["structuredPatch"]] == [
        [" three", "-two", "-two", "+four", "+four"],
    ]


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([edit("a.txt", "nowhere", "x")], "String to replace not found in file.\nString: nowhere"),
        ([edit("a.txt", "e", "x")], "Found 3 matches of the string to replace"),
        ([edit("a.txt", "one", "one")], "No changes to make"),
        ([edit("b.txt", "one", "two")], "File does not exist."),
        ([edit("a.txt", "", "two")], "Cannot create new file - file already exists."),
        (
            [call("Bash", command="echo more >> a.txt"), edit("a.txt", "one", "two")],
            "File has been modified since read",
        ),
    ],
    ids=["not found", "twice", "the same", "no file", "there already", "changed beside"],
)
@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_call_that_cannot_be_done_is_refused_before_any_hook(
    lifecycle: str, steps: list[Step], problem: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    model = make_model(main=[call("Read", file_path="a.txt"), *steps, text("done")])
    bench = make_bench(model)
    (bench.project / "a.txt").write_text("one\nthree\n")
    bench.hook("PreToolUse", ":", matcher="Edit")
    told = results(bench, model, lifecycle)[-1]
    assert told.startswith(f"<tool_use_error>{problem}")
    assert bench.journal.events(event="PreToolUse") == []


@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_file_that_was_not_read(lifecycle: str, make_model: MakeModel, make_bench: MakeBench) -> None:
    steps = [edit("a.txt", "one", "two"), call("Write", file_path="b.txt", content="")]
    model = make_model(main=[*steps, text("done")])
    bench = make_bench(model)
    for name in ("a.txt", "b.txt"):
        (bench.project / name).write_text("one\n")
    bench.hook("PostToolUse", ":")
    refused = [
        told.startswith("<tool_use_error>File has not been read yet.") for told in results(bench, model, lifecycle)
    ]
    assert refused == [lifecycle != NEW] * 2
    assert (bench.project / "a.txt").read_text() == ("two\n" if lifecycle == NEW else "one\n")
    if lifecycle == NEW:
        first = bench.journal.of("hook.started", event="PostToolUse")[0]["payload"]["tool_response"]
        assert first["contentNotInModelContext"] is True


def test_a_command_tells_of_the_known_files_that_it_changes(make_model: MakeModel, make_bench: MakeBench) -> None:
    steps = [call("Read", file_path="a.txt"), call("Bash", command="echo two >> a.txt; echo x > b.txt")]
    model = make_model(main=[*steps, text("done")])
    bench = make_bench(model)
    (bench.project / "a.txt").write_text("one\n")
    bench.hook("PostToolUse", ":", matcher="Bash")
    play(bench, NEW)
    told = bench.journal.of("hook.started", event="PostToolUse")[0]["payload"]["tool_response"]["bashEditDiff"]
    assert told["changedFiles"] == [str(bench.project / "a.txt")]
    assert told["files"][0]["hunks"][0]["lines"] == [" one", "+two"]


@pytest.mark.parametrize("decision", ["deny", "ask"])
@pytest.mark.parametrize("lifecycle", facts.MEASURED)
def test_a_hook_for_one_tool_refuses_it_alone(
    lifecycle: str, decision: str, make_model: MakeModel, make_bench: MakeBench
) -> None:
    both = calls(
        ("Write", {"file_path": "a.txt", "content": "a"}),
        ("Bash", {"command": "echo b > b.txt"}),
    )
    model = make_model(main=[both, text("done")])
    bench = make_bench(model)
    bench.hook("PreToolUse", prints(specific("PreToolUse", permissionDecision=decision)), matcher="Write|Edit")
    play(bench, lifecycle)
    assert [path.name for path in sorted(bench.project.glob("*.txt"))] == ["b.txt"]


def test_a_hook_turns_a_call_to_another_file(make_model: MakeModel, make_bench: MakeBench) -> None:
    model = make_model(main=[call("Write", file_path="a.txt", content="a"), text("done")])
    bench = make_bench(model)
    turned = {"file_path": str(bench.project / "b.txt"), "content": "b"}
    bench.hook("PreToolUse", prints(specific("PreToolUse", permissionDecision="allow", updatedInput=turned)))
    running = bench.start(turn=HELLO)
    running.turn_ended()
    assert running.finish() == 0
    assert [path.name for path in bench.project.glob("*.txt")] == ["b.txt"]
