"""What is read from files: everything shipped is right, and every kind of mistake gets a sentence that helps."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from hookproof import places
from hookproof.catalogue.descriptor import read_descriptor
from hookproof.catalogue.lifecycle import lifecycle_files, read_lifecycle, resolve_lifecycle
from hookproof.catalogue.plugin import PluginError, descriptors, resolve_plugin
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.requirement import read_requirements
from hookproof.catalogue.scenario import read_scenario, scenario_files

SCENARIO = """
title = "A title"
source = "somewhere"
kind = "companion"
host = "claude"
requires = ["JOB-01"]
user = "Do it."
[jobs.review]
[[model.main]]
text = "Done."
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_every_shipped_scenario_reads_and_names_real_requirements(path: Path) -> None:
    scenario = read_scenario(path)
    assert scenario.id == path.relative_to(places.SCENARIOS).with_suffix("").as_posix()
    assert set(scenario.requires) <= set(read_requirements())


def test_every_requirement_is_exercised_by_a_scenario() -> None:
    named = {name for path in scenario_files() for name in read_scenario(path).requires}
    # what is standing is judged in all of them
    assert named | {name for name, row in read_requirements().items() if row.standing} == set(read_requirements())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ('usr = "x"\n', "usr: unknown key; did you mean 'user'?"),
        ('id = "x"\n', "id: unknown key; the path of the file is its id"),
        ("jobs = 3\n", "jobs"),
    ],
)
def test_a_wrong_key_is_named_with_the_right_one(tmp_path: Path, change: str, message: str) -> None:
    text = SCENARIO.replace("[jobs.review]\n", "") if "jobs" in change else SCENARIO
    with pytest.raises(CatalogueError) as caught:
        read_scenario(written(tmp_path, change + text))
    assert message in str(caught.value)
    assert str(tmp_path / "case.toml") in str(caught.value)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('when = "job begun"\ndo = "look"', "then[1].when: expected one of: job [JOB] started, "),
        ('when = "job started"\ndo = "dance"', "then[1].do: expected one of: look"),
        ('when = "job started"', "expected exactly one of `do` and `user`"),
        ('when = "job build started"\ndo = "look"', "names 'build'"),
        ('when = "job started"\ndo = "start session second"', "names 'second'"),
        ('when = "turn of main ended"\ndo = "end session agent"', "names 'agent'"),
        ('when = "turn ended"\ndo = "resume session"', "put an `end session` before it"),
        ('when = "turn ended"\ndo = "release shells"', "then[1].do: expected one of: look"),
    ],
)
def test_a_step_that_says_nothing_known_is_explained(tmp_path: Path, step: str, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read_scenario(written(tmp_path, f"{SCENARIO}\n[[then]]\n{step}\n"))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "call", ['command = "x job=review"\nheld = true', 'command = "x"\nrun_in_background = true\nheld = true']
)
def test_only_a_background_command_of_a_job_can_be_held(tmp_path: Path, call: str) -> None:
    with pytest.raises(CatalogueError, match="held: expected a command in the background that names a job"):
        read_scenario(written(tmp_path, f'{SCENARIO}\n[[model.main]]\ncall = "Bash"\n{call}\n'))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    broken = SCENARIO.replace('title = "A title"', "title = 3").replace('host = "claude"', 'host = "emacs"')
    with pytest.raises(CatalogueError) as caught:
        read_scenario(written(tmp_path, broken + '[[model.main]]\ncall = "Fly"\n'))
    assert len(caught.value.mistakes) == 3
    assert "model.main[2]" in str(caught.value)


@pytest.mark.parametrize("text", ["= 3", "\x00"])
def test_what_is_not_toml_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError, match="is not TOML"):
        read_scenario(written(tmp_path, text))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="does not exist"):
        read_scenario(tmp_path / "none.toml")


@pytest.mark.parametrize("path", lifecycle_files(), ids=lambda path: path.stem)
def test_every_lifecycle_reads_and_each_row_has_its_source(path: Path) -> None:
    lifecycle = read_lifecycle(path)
    assert lifecycle.name == path.stem
    for switch in lifecycle.switches:
        assert resolve_lifecycle(f"{lifecycle.name}+{switch}").name.endswith(switch)


@pytest.mark.parametrize(
    ("spec", "message"),
    [("claude-2.1.9", "did you mean 'claude-2.1.91'"), ("as-reported-345+parent", "did you mean 'parent-id'")],
)
def test_an_unknown_lifecycle_or_switch_is_helped_with(spec: str, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        resolve_lifecycle(spec)


def test_a_lifecycle_row_without_a_source_is_refused(tmp_path: Path) -> None:
    text = 'name = "x"\ntitle = "x"\nhost = "claude"\n[rows]\nversion = { is = "1" }\n'
    with pytest.raises(CatalogueError, match=r"rows.version: expected"):
        read_lifecycle(written(tmp_path, text))


BASE = """
name = "base"
title = "the one that is extended"
host = "claude"
[rows]
version = { is = "1", source = "the program" }
group = { is = "host", source = "measured on 1" }
texts = { is = { a = "x", b = "y" }, source = "measured on 1" }
[switches.wish]
title = "a switch of its own"
[switches.wish.rows]
group = { is = "own", source = "a wish" }
[[differences]]
facet = "events"
where = "*"
reason = "the base's own"
"""
NEXT = """
name = "next"
title = "the one that extends"
host = "claude"
extends = "base"
alike = "measured on 2 too"
[rows]
version = { is = "2", source = "the program of 2" }
"""


def extending(tmp_path: Path, **files: str) -> Path:
    """Lifecycle files beside each other; the last one's path."""
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path / f"{list(files)[-1]}.toml"


def test_a_lifecycle_inherits_the_rows_that_it_does_not_name(tmp_path: Path) -> None:
    found = read_lifecycle(extending(tmp_path, base=BASE, next=NEXT))
    assert list(found.rows) == ["version", "group", "texts"]
    assert found.rows["version"] == {"is": "2", "source": "the program of 2"}
    assert found.rows["group"] == {"is": "host", "source": "as in base (measured on 2 too): measured on 1"}
    assert (found.title, found.switches, found.differences) == ("the one that extends", {}, [])


def test_a_row_is_inherited_whole_and_a_source_alone_keeps_the_value(tmp_path: Path) -> None:
    text = f'{NEXT}texts = {{ is = {{ a = "z" }}, source = "2" }}\ngroup = {{ source = "measured on 2, pattern C" }}\n'
    rows = read_lifecycle(extending(tmp_path, base=BASE, next=text)).rows
    assert rows["texts"]["is"] == {"a": "z"}
    assert rows["group"] == {"is": "host", "source": "measured on 2, pattern C"}


def test_a_chain_of_lifecycles_tells_every_file_on_the_way(tmp_path: Path) -> None:
    last = NEXT.replace('"next"', '"last"').replace('"base"', '"next"').replace("2", "3")
    rows = read_lifecycle(extending(tmp_path, base=BASE, next=NEXT, last=last)).rows
    assert rows["version"]["is"] == "3"
    assert rows["group"]["source"] == "as in next (measured on 3 too): as in base (measured on 2 too): measured on 1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({'extends = "base"': 'extends = "bass"'}, r"next.toml: extends: no lifecycle is called 'bass' \(there is: "),
        (
            {'"base"': '"claude-2.1.9"'},
            r"extends: no lifecycle is called 'claude-2.1.9'; did you mean 'claude-2.1.91'\?",
        ),
        ({'"base"': '"../x"'}, r"extends: no lifecycle is called '../x'"),
        ({'"base"': '"next"'}, r"next.toml: extends: goes in a circle \(next -> next\)"),
        ({'"claude"': '"codex"'}, r"extends: base is a lifecycle of claude, not of codex"),
        ({'alike = "measured on 2 too"\n': ""}, r"extends and alike: expected both or none"),
        ({'extends = "base"\n': ""}, r"extends and alike: expected both or none"),
        ({'is = "2"': 'is = "1"'}, r"rows.version: is superfluous, for base says the same; take the row out"),
        ({"version": "version_"}, r"rows.version_: base has no such row$"),
        ({'version = { is = "2", ': "news = { "}, r"rows.news: expected \{ is = ..., source"),
        ({', source = "the program of 2"': ""}, r"rows.version: expected"),
    ],
)
def test_what_is_wrong_with_an_extending_lifecycle_is_told(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    text = NEXT
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    path = extending(tmp_path, base=BASE, next=text)
    with pytest.raises(CatalogueError, match=message):
        read_lifecycle(path)


def test_a_row_in_the_wrong_table_is_told_with_the_right_one(tmp_path: Path) -> None:
    row = '"session ends" = { is = [], source = "measured on 2" }'
    text = NEXT.replace('extends = "base"', 'extends = "claude-2.1.91"') + row
    with pytest.raises(CatalogueError, match=r"rows.session ends: claude-2.1.91 has no such row; it is in \[events\]"):
        read_lifecycle(extending(tmp_path, next=text))


def test_a_circle_of_several_lifecycles_is_told(tmp_path: Path) -> None:
    base = BASE.replace('host = "claude"\n', 'host = "claude"\nextends = "next"\nalike = "so"\n')
    with pytest.raises(CatalogueError, match=r"base.toml: extends: goes in a circle \(next -> base -> next\)"):
        read_lifecycle(extending(tmp_path, base=base, next=NEXT))


def test_a_switch_of_an_extending_lifecycle_may_change_an_inherited_row_and_no_other(tmp_path: Path) -> None:
    text = f'{NEXT}[switches.s]\ntitle = "s"\n[switches.s.rows]\ngroup = {{ is = "own", source = "s" }}\n'
    assert "s" in read_lifecycle(extending(tmp_path, base=BASE, next=text)).switches
    with pytest.raises(CatalogueError, match=r"switches.s.rows.grope: changes a row .* and base neither"):
        read_lifecycle(extending(tmp_path, base=BASE, next=text.replace("group", "grope")))


@pytest.mark.parametrize("path", lifecycle_files(), ids=lambda path: path.stem)
def test_no_shipped_row_repeats_what_is_inherited(path: Path) -> None:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    if "extends" not in document:
        assert all("is" in row for row in document["rows"].values())
        return
    inherited = read_lifecycle(path.with_name(f"{document['extends']}.toml")).rows
    said = {name: row["is"] for name, row in document["rows"].items() if "is" in row}
    assert [name for name, value in said.items() if name in inherited and value == inherited[name]["is"]] == []
    # where the value is inherited and a source stands all the same, it says more than that the value is alike
    assert document["alike"] not in {row["source"] for row in document["rows"].values()}


def test_the_source_of_every_inherited_row_names_the_file_that_it_is_from() -> None:
    rows = read_lifecycle(next(path for path in lifecycle_files() if path.stem == "claude-2.1.91-windows")).rows
    own = {name for name, row in rows.items() if not row["source"].startswith("as in claude-2.1.91 (")}
    assert own == {"env_file_exports"}


def test_every_shipped_descriptor_reads() -> None:
    assert {each.name for each in descriptors()} >= {"reference", "codex-plugin-cc"}


def a_plugin(root: Path, manifest: object = None, hooks: object = None) -> Path:
    (root / ".claude-plugin").mkdir(parents=True)
    (root / "hooks").mkdir()
    said = {"name": "codex", "author": {"name": "OpenAI"}, "version": "9"} if manifest is None else manifest
    (root / ".claude-plugin" / "plugin.json").write_text(said if isinstance(said, str) else json.dumps(said))
    (root / "hooks" / "hooks.json").write_text(hooks if isinstance(hooks, str) else json.dumps(hooks or {"hooks": {}}))
    return root


def test_a_plugin_is_recognised_by_its_manifest_also_inside_its_marketplace(tmp_path: Path) -> None:
    root = a_plugin(tmp_path / "repository" / "plugins" / "codex")
    assert resolve_plugin(str(root)).name == "codex-plugin-cc 9"
    assert resolve_plugin(str(tmp_path / "repository")).root == root


@pytest.mark.parametrize(
    ("manifest", "hooks", "message"),
    [
        ("{broken", None, "is not JSON"),
        ([], None, "expected a JSON object"),
        (
            {"name": "codex", "author": {"name": "Somebody"}},
            None,
            "is none that hookproof knows, and declares no hooks",
        ),
        (None, "{broken", "hooks.json: is not JSON"),
        (None, {"hooks": []}, 'expected an object under "hooks"'),
        (None, {"hooks": {"SessionEnd": {}}}, "hooks.SessionEnd: expected a list"),
        (None, {"hooks": {"SessionEnd": [{"hook": []}]}}, r"hooks.SessionEnd\[1\]: expected an object with a list"),
    ],
)
def test_a_broken_plugin_gets_one_clear_sentence(tmp_path: Path, manifest: object, hooks: object, message: str) -> None:
    root = a_plugin(tmp_path / "plugin", manifest, hooks)
    with pytest.raises(PluginError, match=message) as caught:
        resolve_plugin(str(root))
    assert "\n" not in str(caught.value)


def test_a_directory_that_is_no_plugin_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"is no plugin: there is none of \.claude-plugin/plugin\.json"):
        resolve_plugin(str(tmp_path))


HOOK = {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}}


def test_a_plugin_with_hooks_needs_no_descriptor(tmp_path: Path) -> None:
    plugin = resolve_plugin(str(a_plugin(tmp_path / "own", {"name": "mine", "version": "2"}, HOOK)))
    assert (plugin.name, plugin.descriptor.kind, plugin.kinds) == ("mine 2", "hooks", ("hooks",))
    assert (plugin.version, plugin.manifest_name) == ("2", "mine")


def test_a_plugin_with_a_descriptor_can_be_played_through_the_scenarios_of_hooks_as_well(tmp_path: Path) -> None:
    assert resolve_plugin(str(a_plugin(tmp_path / "known"))).kinds == ("companion", "hooks")
    assert resolve_plugin("reference").kinds == ("companion",)
    assert resolve_plugin("reference-hooks").kinds == ("hooks",)


def test_a_marketplace_may_list_a_plugin_that_has_no_manifest(tmp_path: Path) -> None:
    root = a_plugin(tmp_path / "market" / "plugins" / "bare", None, HOOK)
    (root / ".claude-plugin" / "plugin.json").unlink()
    plugin = resolve_plugin(str(tmp_path / "market"))
    assert (plugin.root, plugin.name, plugin.version) == (root, "bare", None)


def test_a_plugin_of_codex_alone_is_one(tmp_path: Path) -> None:
    root = a_plugin(tmp_path / "theirs", None, HOOK)
    (root / ".claude-plugin").rename(root / ".codex-plugin")
    (root / ".codex-plugin" / "plugin.json").write_text('{"name": "theirs", "hooks": "./hooks/hooks.json"}')
    plugin = resolve_plugin(str(root))
    assert (plugin.name, plugin.descriptor.kind) == ("theirs", "hooks")


def test_an_unknown_policy_is_helped_with() -> None:
    with pytest.raises(PluginError, match="did you mean 'fix-1-refuse'"):
        resolve_plugin("reference:fix-1-refus")
    with pytest.raises(PluginError, match="no such directory"):
        resolve_plugin("nowhere")


def test_a_policy_that_refuses_must_be_one_that_there_is(tmp_path: Path) -> None:
    text = (places.DESCRIPTORS / "reference.toml").read_text(encoding="utf-8")
    path = written(tmp_path, text.replace('refuses = ["young-session"]', 'refuses = ["old-session"]'))
    with pytest.raises(CatalogueError, match="`refuses` names old-session: expected names of policies or switches"):
        read_descriptor(path)


def test_of_the_reference_the_right_policy_alone_shares_no_server() -> None:
    assert not resolve_plugin("reference:correct+blind-to-death").shares_server
    assert resolve_plugin("reference:as-reported").shares_server
    assert not resolve_plugin("reference-workflow").shares_server
    assert resolve_plugin("reference:fix-1-refuse+young-session").refuses_launches
    assert not resolve_plugin("reference:fix-1-refuse").refuses_launches


def test_a_tool_on_files_is_claudes_alone(tmp_path: Path) -> None:
    step = '[[model.main]]\ncall = "Write"\nfile_path = "a.txt"\ncontent = "a"\n'
    text = SCENARIO.replace("[[model.main]]", f"{step}[[model.main]]", 1)
    assert read_scenario(written(tmp_path, text)).lacks("codex") == (
        "an agent is to use the tool Write, which only Claude Code has"
    )
    with pytest.raises(CatalogueError, match="which only Claude Code has"):
        read_scenario(written(tmp_path, text.replace('host = "claude"', 'host = "codex"')))
