"""What is generated from the data is not stale, and what the documentation shows is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hookproof.catalogue.descriptor import Companion, Context
from hookproof.catalogue.expect import Expect
from hookproof.catalogue.project import read_project
from hookproof.catalogue.scenario import Scenario

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def test_the_generated_reference_is_not_stale() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, f"{checked.stdout}run: python docs/generate.py"


def test_the_scenario_schema_accepts_every_scenario_and_refuses_a_misspelt_one() -> None:
    validator = Draft202012Validator(json.loads((ROOT / "scenarios" / "scenario.schema.json").read_text()))
    for path in sorted((ROOT / "scenarios").glob("*/**/*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        assert not list(validator.iter_errors(table)), path
        assert list(validator.iter_errors({**table, "requries": []}))


def blocks(page: str) -> list[str]:
    return re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def test_the_scenario_that_the_documentation_shows_reads() -> None:
    whole = next(block for block in blocks("scenarios.md") if block.startswith("title"))
    assert Scenario.model_validate(tomllib.loads(whole)).requires == ["JOB-03", "JOB-04"]
    context = next(block for block in blocks("scenarios.md") if block.startswith('kind = "context"'))
    extra = {"title": "A title", "source": "a source"}
    assert Scenario.model_validate(tomllib.loads(context) | extra).agents["child"].role == "known"


def test_the_descriptors_that_the_documentation_shows_read() -> None:
    companion, one_file_each, status, context = blocks("descriptors.md")
    table = tomllib.loads(companion)
    assert Companion.model_validate(table).commands.wait == ""
    answer = Companion.model_validate(table | tomllib.loads(status)).status
    assert (answer.rows, answer.fields.id) == (["."], "taskId")
    files = {name: value for name, value in table["state"].items() if name != "job_file"}
    assert Companion.model_validate(
        table | {"state": files | tomllib.loads(one_file_each)["state"]}
    ).state.one_file_each
    extra = {"name": "x", "title": "x", "recognise": {"name": "x"}}
    assert Context.model_validate(tomllib.loads(context) | extra).called(qualified=False)["known"] == "issue-planner"


def test_the_project_file_that_the_documentation_shows_reads(tmp_path: Path) -> None:
    (tmp_path / "plugins" / "mine").mkdir(parents=True)
    (tmp_path / "tests" / "hookproof").mkdir(parents=True)
    (tmp_path / "tests" / "hookproof" / "descriptor.toml").touch()
    (block,) = blocks("projects.md")
    (tmp_path / "hookproof.toml").write_text(block, encoding="utf-8")
    found = read_project(tmp_path / "hookproof.toml")
    assert found.lifecycles == ["claude-2.1.329", "claude-2.1.91", "codex-0.169"]
    assert found.known[0].check == "tests/hookproof/mine:JOB-03"


def test_the_sentences_that_the_documentation_shows_read_and_are_of_every_kind() -> None:
    """Read, and taken by the schema that editors use."""
    table: dict[str, Any] = {"title": "x", "source": "x", "kind": "context", "host": "claude", "user": "x"}
    table["model"] = {agent: [{"text": "x"}] for agent in ("main", "search", "worker")}
    table["expect"] = [row for block in blocks("expect.md") for row in tomllib.loads(block)["expect"]]
    scenario = Scenario.model_validate(table)
    keys = {name for name in Expect.model_fields if name not in {"id", "must", "must_not", "should"}}
    assert {each.kind[0] for each in scenario.expect} | {"told"} == keys
    page = (ROOT / "docs" / "expect.md").read_text(encoding="utf-8")
    assert all(re.search(rf"^## .*\b{key}\b", page, flags=re.MULTILINE) for key in keys)
    validator = Draft202012Validator(json.loads((ROOT / "scenarios" / "scenario.schema.json").read_text()))
    assert not list(validator.iter_errors(table))


@pytest.mark.skipif(sys.platform != "linux", reason="what is hidden is known to Linux alone")
def test_what_is_said_to_be_hidden_is_hidden_and_nothing_else() -> None:
    if sys.platform == "linux":
        from hookproof.isolation.linux import hidden

        page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
        section = page.partition("## What is hidden\n")[2].partition("\n## ")[0]
        lists = [block.split() for block in section.split("\n\n") if block.startswith("`")]
        assert [[word.strip("`") for word in words] for words in lists] == [
            list(hidden.IN_A_HOME),
            list(hidden.OF_THE_SYSTEM),
            list(hidden.BY_VARIABLE),
            list(hidden.TEMPORARY),
        ]


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES], ids=lambda page: page.name)
def test_every_link_into_the_repository_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
