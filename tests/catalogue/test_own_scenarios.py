"""Scenarios of a user's own repository: which files they are, what their ids are, and what the project file says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hookproof import places
from hookproof.catalogue.own_scenarios import OwnScenarioError, is_scenario, own_id, scenarios_below, with_ids
from hookproof.catalogue.project import Project, find_project, read_project
from hookproof.catalogue.reading import CatalogueError
from hookproof.catalogue.scenario import read_scenario, scenario_files
from hookproof.commands import UsageError
from hookproof.commands.chosen import scenarios_named

SHIPPED = places.SCENARIOS / "jobs" / "pattern-c.toml"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two scenarios, in which the test is."""
    root = tmp_path.resolve() / "repository"
    for name in ("tests/one", "tests/deep/two"):
        path = root / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SHIPPED, path)
    (root / ".git").mkdir()
    monkeypatch.chdir(root)
    return root


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# which files


def test_each_scenario_that_is_shipped_is_known_as_one() -> None:
    assert [path for path in scenario_files() if not is_scenario(path)] == []


@pytest.mark.parametrize(
    "text",
    [
        "#:schema ../scenario.schema.json\n",
        'user = "Hello."\n[[model.main]]\ntext = "Hello."\n',
        'kind = "companion"\nuser = "Hello."\n[[modle.main]]\n',
        'kind = "context"\n[["model"."main"]]\ntext = \n',
    ],
    ids=["schema", "whole", "misspelt", "broken"],
)
def test_one_with_a_mistake_in_it_is_a_scenario_all_the_same(text: str, tmp_path: Path) -> None:
    assert is_scenario(written(tmp_path / "mine.toml", text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nname = "x"\n'),
        ("descriptor.toml", 'kind = "companion"\nname = "x"\n[commands]\n'),
        ("users.toml", 'user = "me"\n'),
        ("hookproof.toml", 'kind = "companion"\nuser = "x"\n'),
        ("mine.txt", 'kind = "companion"\nuser = "x"\n'),
        ("bytes.toml", "\udcff"),
    ],
)
def test_other_files_are_none(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert not is_scenario(path)


def test_descriptors_and_lifecycles_are_none() -> None:
    others = [*places.DESCRIPTORS.glob("*.toml"), *places.FAKES.glob("*/lifecycles/*.toml")]
    assert [path for path in others if is_scenario(path)] == []


def test_what_is_hidden_or_installed_is_not_looked_into(repository: Path) -> None:
    for folder in (".cache", "node_modules/x", "env/lib"):
        written(repository / folder / "other.toml", SHIPPED.read_text(encoding="utf-8"))
    written(repository / "env" / "pyvenv.cfg", "")
    assert [path.stem for path in scenarios_below(repository)] == ["two", "one"]


# ids


def test_an_id_is_the_path_below_the_project_file_wherever_it_is_asked_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = repository / "tests" / "one.toml"
    assert own_id(one) == "tests/one"
    written(repository / "tests" / "hookproof.toml", "")
    assert own_id(one) == "one"
    monkeypatch.chdir("/")
    assert own_id(one) == "one"


def test_without_a_repository_it_is_the_path_below_the_folder_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path.resolve() / "a" / "b" / "mine.toml", "")
    if own_id(path) == "mine":  # else the temporary folder is in somebody's repository
        monkeypatch.chdir(tmp_path)
        assert own_id(path) == "a/b/mine"


def test_a_shipped_scenario_keeps_its_id_however_it_is_named() -> None:
    assert read_scenario(SHIPPED).id == "jobs/pattern-c"
    assert [each.id for each in scenarios_named([str(SHIPPED)])] == ["jobs/pattern-c"]


def test_two_of_one_id_are_refused(repository: Path) -> None:
    for at in ("x", "y"):
        written(repository / at / "hookproof.toml", "")
        shutil.copy(SHIPPED, repository / at / "mine.toml")
    with pytest.raises(OwnScenarioError, match=r"have the same id, 'mine'; rename one"):
        with_ids([repository / "x" / "mine.toml", repository / "y" / "mine.toml"], set())
    (repository / "jobs").mkdir()
    shutil.copy(SHIPPED, repository / "jobs")
    with pytest.raises(OwnScenarioError, match=r"hookproof has a scenario of its own with the id 'jobs/pattern-c'"):
        scenarios_named(["jobs/pattern-c.toml"])


# words of the command line


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["tests/one.toml"], ["tests/one"]),
        (["tests"], ["tests/deep/two", "tests/one"]),
        (["tests/"], ["tests/deep/two", "tests/one"]),
        (["./tests/deep"], ["tests/deep/two"]),
        (["tests/*.toml"], ["tests/one"]),
        (["tests/**/*.toml"], ["tests/deep/two", "tests/one"]),
        (["pattern-c", "tests/one.toml"], ["jobs/pattern-c", "tests/one"]),
        (["tests/one.toml", "tests"], ["tests/deep/two", "tests/one"]),
    ],
    ids=str,
)
@pytest.mark.usefixtures("repository")
def test_a_word_may_be_a_file_a_folder_or_a_glob_of_files(words: list[str], ids: list[str]) -> None:
    assert sorted(each.id for each in scenarios_named(words)) == ids


def test_a_projects_own_have_ids_like_the_shipped_ones(repository: Path) -> None:
    own = scenarios_below(repository)
    assert [each.id for each in scenarios_named(["deep/t*"], own)] == ["tests/deep/two"]
    assert [each.id for each in scenarios_named(["one", "pattern-c"], own)] == ["jobs/pattern-c", "tests/one"]
    everything = {each.id for each in scenarios_named([], own)}
    assert {"jobs/pattern-c", "tests/one", "tests/deep/two"} <= everything


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("tests/nine.toml", "there is no such file or folder as 'tests/nine.toml'; in tests there is: tests/deep/two"),
        ("tests/n*.toml", "no file fits 'tests/n*.toml'; in tests there is: tests/deep/two.toml, tests/one.toml"),
        ("./nowhere", "there is no such file or folder as './nowhere'; here there is: tests/deep/two.toml"),
        ("empty", r"empty: holds no scenario (there is no TOML file in empty)"),
        ("other", "other: holds no scenario; the TOML files in other are none: other/x.toml"),
        ("xyz*", "no scenario fits 'xyz*'; there is: context/*, hooks/*, jobs/*"),
        ("patern-c", "no scenario fits 'patern-c'; did you mean 'jobs/pattern-c'?"),
    ],
)
def test_a_word_that_names_nothing_says_what_there_is(word: str, message: str, repository: Path) -> None:
    (repository / "empty").mkdir()
    written(repository / "other" / "x.toml", "a = 1")
    with pytest.raises(UsageError) as caught:
        scenarios_named([word])
    assert str(caught.value).startswith(message)


def test_a_mistake_in_a_file_is_told_with_its_path(repository: Path) -> None:
    written(repository / "mine.toml", 'user = "x"\nkind = "companion"\n')
    with pytest.raises(CatalogueError, match=r"mine\.toml: title: Field required"):
        scenarios_named(["mine.toml"])


# the project file


def project(repository: Path, text: str) -> Project:
    return read_project(written(repository / "hookproof.toml", text))


def test_a_project_says_what_is_played(repository: Path) -> None:
    (repository / "plugin").mkdir()
    found = project(repository, 'plugin = "plugin"\nscenarios = "tests"\nhosts = ["codex", "claude@2.1.91"]\n')
    assert [path.stem for path in found.own_scenarios()] == ["two", "one"]
    assert found.lifecycles == ["codex-0.130", "codex-0.133", "codex-0.169"]
    assert found.real == {"claude": "npm:2.1.91"}
    assert not found.is_baseline
    assert find_project(repository / "tests" / "deep") == found


@pytest.mark.parametrize("text", ["", "# nothing is known any more\n", 'plugin = "plugin"\n[[known]]\ncheck = "x:Y"\n'])
def test_a_file_that_says_nothing_else_or_has_entries_is_a_baseline(text: str, repository: Path) -> None:
    (repository / "plugin").mkdir()
    more = 'lifecycles = ["claude-2.1.91"]\n' if "known" in text and "[[" in text else ""
    assert project(repository, text + more).is_baseline


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('plugn = "x"', "plugn: unknown key; did you mean 'plugin'?"),
        ('path = "x"', "path: unknown key"),
        ('plugin = "nowhere"', "plugin: 'nowhere': there is no such folder in"),
        ("plugin = 3", "plugin: Input should be a valid string, found 3"),
        ('descriptor = "x.toml"', "descriptor: 'x.toml': there is no such file in"),
        ('descriptor = "../x.toml"', "descriptor: '../x.toml': expected a path that stays inside"),
        ('scenarios = ["tests", "nix"]', "scenarios: 'nix': there is no such folder in"),
        ('hosts = ["claude-2.1.9"]', "hosts: no lifecycle is called 'claude-2.1.9'; did you mean 'claude-2.1.91'?"),
        ('hosts = ["claude@2.1.91", "claude"]', "hosts: claude is a stand-in of a host that is to be the real one"),
        ("plugin = ", "is not TOML"),
    ],
)
def test_a_mistake_in_it_is_told_with_file_and_place(text: str, message: str, repository: Path) -> None:
    with pytest.raises(CatalogueError) as caught:
        project(repository, text)
    assert str(caught.value).startswith(str(repository / "hookproof.toml"))
    assert message in str(caught.value)
