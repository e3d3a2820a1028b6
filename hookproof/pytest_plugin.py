"""pytest: every scenario file is a file of test items, and a test can have the fixture `hookproof`.

Loaded in every pytest run of an environment that has hookproof, so it imports nothing of it until a scenario file is
met, the fixture is asked for, or an option is given. All that it adds to pytest is called `hookproof...`, for other
projects have options of their own. An option wins over its ini key, and that over the project file.

An item is one case: it passes, fails with the evidence, is skipped where nothing was tested, and is an expected failure
where the project file knows of the violation. A requirement that no item tested and no entry names fails the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from hookproof.pytesting.session import Ours
    from hookproof.pytesting.signals import Controller
    from hookproof.testing import Hookproof

OURS: pytest.StashKey[Ours] = pytest.StashKey()
USAGE: pytest.StashKey[str] = pytest.StashKey()
CONTROLLER: pytest.StashKey[Controller] = pytest.StashKey()
COMPLAINTS: pytest.StashKey[list[str]] = pytest.StashKey()
PREFIX = "hookproof"
"""How whatever is added to pytest begins: options, ini keys, ids of the scenarios that are installed."""
_RESULT = "hookproof"
"""The attribute of a report that holds its item's result, as text: xdist hands such a one on to its controller."""
_LEVELS = ("full", "without-pids", "none")

_OPTIONS: dict[str, tuple[str, str]] = {
    "plugin": ("SPEC", "a plugin's directory, or reference[:POLICY], reference-workflow[:POLICY]"),
    "descriptor": ("FILE", "file that describes a plugin that hookproof does not know"),
    "lifecycle": ("NAME[+SWITCH]", "lifecycle of the stand-in host; repeatable (default: every one that it ships)"),
    "claude": ("SPEC", "Claude Code: fake, a path, or npm:VERSION[,VERSION...]; a real one runs offline"),
    "codex": ("SPEC", "Codex, as a host and as the worker of jobs: fake, a path, or npm:VERSION[,VERSION...]"),
    "isolation": ("LEVEL", f"how far what is played is kept apart from this machine: {', '.join(_LEVELS)}"),
    "runs": ("DIR", "directory in which the journals are kept, of the last twenty runs (default: the user's cache)"),
}
_NETWORK = "do not keep what scenarios start off the network, real hosts included"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own, and an ini key for each."""
    group = parser.getgroup(PREFIX, "hookproof scenarios")
    for name, (metavar, text) in _OPTIONS.items():
        action: dict[str, Any] = {"action": "append"} if name == "lifecycle" else {}
        if name == "isolation":
            action = {"choices": _LEVELS}
        group.addoption(f"--{PREFIX}-{name}", default=None, metavar=metavar, help=text, **action)
        kind: Literal["args", "string"] = "args" if name == "lifecycle" else "string"
        parser.addini(f"{PREFIX}_{name}", text, type=kind, default=None)
    group.addoption(f"--{PREFIX}-allow-network", action="store_true", default=None, help=_NETWORK)
    parser.addini(f"{PREFIX}_allow_network", _NETWORK, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """What was asked for is there, or nothing begins."""
    config.addinivalue_line("markers", "hookproof: a hookproof scenario")
    if config.option.help:
        return
    config.pluginmanager.register(Outcomes(config), "hookproof outcomes")
    _place_arguments(config)
    asked = [config.getoption(f"{PREFIX}_{name}") or config.getini(f"{PREFIX}_{name}") for name in _OPTIONS]
    if any(asked) or _has_workers(config):
        ours = _ours(config) if any(asked) or _has_project(config) else None
        if USAGE in config.stash:
            raise pytest.UsageError(config.stash[USAGE])
        if ours is not None and not hasattr(config, "workerinput"):
            ours.prepare()


def _place_arguments(config: pytest.Config) -> None:
    """Installed scenarios may be named by their ids, `hookproof/jobs/...`, and all of them by `--pyargs hookproof`."""
    for number, each in enumerate(config.args):
        named = each.partition("::")[0].partition("[")[0]
        inside = named == PREFIX and config.option.pyargs
        if inside or (named.startswith(f"{PREFIX}/") and not (config.invocation_params.dir / named).exists()):
            from hookproof import places  # noqa: PLC0415

            config.args[number] = f"{places.SCENARIOS.as_posix()}{each.removeprefix(PREFIX)}"


def _has_workers(config: pytest.Config) -> bool:
    """Whether xdist's workers will collect: what is wrong must be found by their controller."""
    return hasattr(config, "workerinput") or bool(getattr(config.option, "tx", None))


def _has_project(config: pytest.Config) -> bool:
    from hookproof.catalogue.own_scenarios import project_file  # noqa: PLC0415

    return any(project_file(place) is not None for place in (config.invocation_params.dir, config.rootpath))


def _ours(config: pytest.Config) -> Ours | None:
    """What this session has of hookproof; None where what was asked for is wrong, and `USAGE` says how."""
    if OURS not in config.stash and USAGE not in config.stash:
        from hookproof.errors import HookproofError  # noqa: PLC0415
        from hookproof.pytesting.session import Ours  # noqa: PLC0415

        try:
            config.stash[OURS] = Ours(config)
        except HookproofError as error:
            config.stash[USAGE] = f"hookproof: {error}"
    return config.stash.get(OURS, None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of xdist is told what its controller has found. It plays, and its controller does not."""
    ours = node.config.stash.get(OURS, None)
    if ours is not None:
        ours.send(node.workerinput)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """The controller of xdist learns that there is something of ours to be ended with it."""
    if any(".toml::" in each for each in ids):
        from hookproof.pytesting import signals  # noqa: PLC0415

        node.config.stash.setdefault(CONTROLLER, signals.Controller()).listen(node.config, ids)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Nothing is played any more. First of all: a worker of xdist that takes long to end is interrupted."""
    if OURS in session.config.stash:
        session.config.stash[OURS].playing.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing of ours is left, and whoever had the signals before has them again."""
    if OURS in config.stash:
        config.stash[OURS].close()
    controller = config.stash.get(CONTROLLER, None)
    if controller is not None:
        controller.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Where scenarios are played: how far they are isolated, and on which real hosts."""
    from hookproof.pytesting.files import names_scenarios  # noqa: PLC0415

    ours = config.stash.get(OURS, None)
    if (ours is None or ours.real is None) and not names_scenarios(config):
        return []
    ours = _ours(config)
    return ours.header() if ours is not None else []


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file, of hookproof's own or of the user's; none where what was asked for is wrong."""
    if file_path.suffix != ".toml":
        return None
    from hookproof.pytesting.files import is_collected, node_id  # noqa: PLC0415

    if not is_collected(file_path):
        return None
    ours = _ours(parent.config)
    if ours is None:
        return None
    from hookproof.pytesting.items import ScenarioFile  # noqa: PLC0415

    named: Any = node_id(parent.config, file_path)
    return ScenarioFile.from_parent(parent, path=file_path, ours=ours, nodeid=named)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is wrong with what was asked for is told once; cases about time alone are played when the others are."""
    if USAGE in config.stash:
        raise pytest.UsageError(config.stash[USAGE])
    items.sort(key=lambda item: bool(getattr(item, "plays_alone", False)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """The report of one of our items carries its result, and a skip names the scenario as its place."""
    outcome: Any = yield
    result = getattr(item, "result_as_text", None)
    if call.when == "call" and result is not None:
        report: pytest.TestReport = outcome.get_result()
        setattr(report, _RESULT, result)
        sometimes = getattr(item, "known_sometimes", None)
        if report.passed and sometimes:
            report.wasxfail = sometimes
        if report.skipped and isinstance(report.longrepr, tuple):
            report.longrepr = (str(item.path), 1, report.longrepr[2])


@pytest.fixture(name="hookproof")
def _hookproof(request: pytest.FixtureRequest) -> Hookproof:
    """Plays scenarios in a test: `run = hookproof.play("mine.toml")`, then what the plugin did is asked of `run`."""
    ours = _ours(request.config)
    if ours is None:
        raise pytest.UsageError(request.config.stash[USAGE])
    from hookproof.pytesting.fixture import of_test  # noqa: PLC0415

    return of_test(ours, request)


class Outcomes:
    """What the items of a session came to, in the process that tells it: the only one, or the controller of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of an item that was played."""
        result = getattr(report, _RESULT, None)
        if result is None or hasattr(self._config, "workerinput"):
            return
        self._results.append(result)
        ours = _ours(self._config)
        if ours is not None:
            ours.kept.add(result)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail a session that has gone to its end and left a requirement untested that nothing names."""
        whole = not session.shouldfail and not session.shouldstop and exitstatus in {0, 1}
        ours = _ours(self._config) if self._results and whole else None
        if ours is None:
            return
        found = ours.complaints(self._results)
        if found:
            self._config.stash[COMPLAINTS] = found
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which, and where the journals are."""
        found = self._config.stash.get(COMPLAINTS, [])
        if found:
            terminalreporter.section("hookproof: not tested", red=True, bold=True)
        for sentence in found:
            terminalreporter.write_line(sentence)
        if self._results and OURS in self._config.stash:
            kept = self._config.stash[OURS].kept.path
            terminalreporter.write_line(f"hookproof: journals in {kept} (`hookproof recheck {kept}` judges them again)")
