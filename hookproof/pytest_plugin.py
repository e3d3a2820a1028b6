"""pytest: every scenario file is a file of test items, one per lifecycle, for the plugin that `--plugin` names.

Loaded in every pytest run of an environment that has hookproof, so it imports nothing of it until a scenario file is
collected or a real host is asked for. `pytest --junitxml` carries verdict, cause and every check as properties of
the test case. A baseline in the plugin's repository is heeded. An item of which nothing was tested is skipped, and a
requirement that no item tested and no baseline names fails the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hookproof.play import Case
    from hookproof.pytest_hosts import RealHosts
    from hookproof.pytest_playing import Playing
    from hookproof.pytest_shared import Shared
    from hookproof.pytest_signals import Controller
    from hookproof.report.results import Result

REAL: pytest.StashKey[RealHosts | None] = pytest.StashKey()
PLAYING: pytest.StashKey[Playing] = pytest.StashKey()
SHARED: pytest.StashKey[Shared] = pytest.StashKey()
CONTROLLER: pytest.StashKey[Controller] = pytest.StashKey()
COMPLAINTS: pytest.StashKey[list[str]] = pytest.StashKey()
_RESULT = "hookproof"
"""The attribute of a report that holds its item's result, as text: xdist hands such a one on to its controller."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, in a group of their own."""
    from hookproof.isolation.level import LEVELS  # noqa: PLC0415

    group = parser.getgroup("hookproof", "hookproof scenarios")
    group.addoption(
        "--plugin",
        default=None,
        metavar="SPEC",
        help="a plugin's directory, or reference[:POLICY], reference-workflow[:POLICY] (default: the reference)",
    )
    group.addoption(
        "--descriptor", type=Path, metavar="FILE", help="file that describes a plugin that hookproof does not know"
    )
    group.addoption(
        "--lifecycle",
        action="append",
        default=None,
        metavar="NAME[+SWITCH]",
        help="lifecycle of the stand-in host; repeatable (default: every lifecycle that hookproof ships)",
    )
    for name, what in (("claude", "Claude Code"), ("codex", "Codex, as a host and as the worker of jobs")):
        group.addoption(
            f"--{name}",
            default="fake",
            metavar="SPEC",
            help=f"{what}: fake, a path, or npm:VERSION[,VERSION...]; a real host runs offline (default: fake)",
        )
    group.addoption(
        "--isolation",
        choices=LEVELS,
        default=None,
        help="how far what scenarios start is kept apart from this machine (default: as far as the system allows)",
    )
    group.addoption(
        "--allow-network",
        action="store_true",
        help="do not keep what scenarios start off the network, real hosts included",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The marker by which the items can be chosen, `-m scenario`; what was asked for is there, or nothing begins."""
    config.addinivalue_line("markers", "scenario: a hookproof scenario")
    if config.option.help:
        return
    config.pluginmanager.register(Outcomes(config), "hookproof outcomes")
    real = (config.option.claude, config.option.codex) != ("fake", "fake")
    if real:
        from hookproof.pytest_hosts import RealHosts  # noqa: PLC0415

        config.stash[REAL] = RealHosts.prepare(config)
    if (real or config.option.isolation) and not hasattr(config, "workerinput"):
        from hookproof.errors import HookproofError  # noqa: PLC0415

        try:
            _playing(config).isolation()
        except HookproofError as error:
            raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of xdist is told which programs were found. It plays, and its controller does not."""
    if PLAYING in node.config.stash:
        node.config.stash[PLAYING].close()
    real = node.config.stash.get(REAL, None)
    if real is not None:
        real.send(node.workerinput)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """The controller of xdist learns that there is something of ours to be ended with it."""
    if any(".toml::" in each for each in ids):
        from hookproof import pytest_signals  # noqa: PLC0415

        node.config.stash.setdefault(CONTROLLER, pytest_signals.Controller()).listen(node.config, ids)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Nothing is played any more. First of all: a worker of xdist that takes long to end is interrupted."""
    if PLAYING in session.config.stash:
        session.config.stash[PLAYING].close()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing of ours is left, and whoever had the signals before has them again."""
    if PLAYING in config.stash:  # begun for a session that never was
        config.stash[PLAYING].close()
    controller = config.stash.get(CONTROLLER, None)
    if controller is not None:
        controller.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Where scenarios are played: how far they are isolated, and on which real hosts."""
    real = config.stash.get(REAL, None)
    if real is None and not _names_scenarios(config):
        return []
    from hookproof.errors import HookproofError  # noqa: PLC0415

    playing = _playing(config)
    try:
        return [*playing.header(), *(real.header(playing.isolation()) if real is not None else [])]
    except HookproofError as error:
        raise pytest.UsageError(str(error)) from None


def _names_scenarios(config: pytest.Config) -> bool:
    """Whether a place that this run collects is one of hookproof's scenarios, or one that they are in."""
    from hookproof import places  # noqa: PLC0415

    named = [(config.invocation_params.dir / each.partition("::")[0]).resolve() for each in config.args]
    return any(each.is_relative_to(places.SCENARIOS) or places.SCENARIOS.is_relative_to(each) for each in named)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file below hookproof's own scenarios directory."""
    if file_path.suffix != ".toml":
        return None
    from hookproof import places  # noqa: PLC0415

    # at the top are tables and the preflight; calibration needs a real host: its scenarios are no tests of a plugin
    folder = file_path.parent
    if not folder.is_relative_to(places.SCENARIOS) or folder == places.SCENARIOS:
        return None
    if folder.is_relative_to(places.SCENARIOS / "calibration"):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """The report of one of our items carries its result, and a skip names the scenario as its place."""
    outcome: Any = yield
    if isinstance(item, ScenarioItem) and call.when == "call" and item.result is not None:
        report: pytest.TestReport = outcome.get_result()
        setattr(report, _RESULT, item.result.model_dump_json())
        if report.skipped and isinstance(report.longrepr, tuple):
            report.longrepr = (str(item.path), 1, report.longrepr[2])


class Outcomes:
    """What the items of a session came to, in the process that tells it: the only one, or the controller of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the result of an item that was played."""
        result = getattr(report, _RESULT, None)
        if result is not None:
            self._results.append(result)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail a session that has gone to its end and left a requirement untested that nothing names."""
        whole = not session.shouldfail and not session.shouldstop and exitstatus in {0, 1}
        if not self._results or not whole or hasattr(self._config, "workerinput"):
            return
        from hookproof.pytest_shared import complaints  # noqa: PLC0415

        found = complaints(_shared(self._config), self._results)
        if found:
            self._config.stash[COMPLAINTS] = found
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which."""
        found = self._config.stash.get(COMPLAINTS, [])
        if found:
            terminalreporter.section("hookproof: not tested", red=True, bold=True)
        for sentence in found:
            terminalreporter.write_line(sentence)


class ScenarioFile(pytest.File):
    """One scenario, as the items of its lifecycles."""

    def collect(self) -> Iterator[ScenarioItem]:
        """One item per lifecycle of the scenario's host."""
        from hookproof.catalogue.plugin import PluginError  # noqa: PLC0415
        from hookproof.catalogue.reading import CatalogueError  # noqa: PLC0415
        from hookproof.catalogue.scenario import read_scenario  # noqa: PLC0415
        from hookproof.commands import UsageError  # noqa: PLC0415

        shared = _shared(self.config)
        try:
            scenario = read_scenario(self.path)
            cases = shared.cases(scenario)
            shared.baseline(scenario.kind)  # a mistake in it is told here, before anything is played
        except (UsageError, PluginError, CatalogueError) as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            name = f"{self.path.stem}[{case.lifecycle.name}]"
            yield ScenarioItem.from_parent(self, name=name, case=case)


def _shared(config: pytest.Config) -> Shared:
    """What all scenario files of this run have in common."""
    from hookproof.pytest_shared import Shared  # noqa: PLC0415

    if SHARED not in config.stash:
        real = config.stash.get(REAL, None)
        config.stash[SHARED] = Shared(config.option, None if real is None else real.programs)
    return config.stash[SHARED]


def _playing(config: pytest.Config) -> Playing:
    """Who plays in this process."""
    from hookproof.pytest_playing import Playing  # noqa: PLC0415

    if PLAYING not in config.stash:
        config.stash[PLAYING] = Playing(config.option, real=config.stash.get(REAL, None) is not None)
    return config.stash[PLAYING]


class ScenarioItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.result: Result | None = None
        self.add_marker("scenario")

    def runtest(self) -> None:
        """Play and judge; the outcome is written into the report's properties."""
        from hookproof.judge.verdict import Verdict  # noqa: PLC0415

        why_not = _playing(self.config).why_not(self.case)
        if why_not is not None:
            pytest.skip(why_not)
        factory: pytest.TempPathFactory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        run = factory.mktemp("hookproof")
        shared, kind = _shared(self.config), self.case.scenario.kind
        judges, worker = shared.judges(kind), shared.hosts(kind).worker
        result = _playing(self.config).play(self.config, self.case, run, judges, worker)
        properties: list[tuple[str, str]] = [
            ("plugin", result.plugin),
            ("verdict", result.verdict),
            ("lifecycle", result.lifecycle),
            ("signature", result.signature or ""),
            ("reasons", "; ".join(result.reasons)),
            ("culprit", result.culprit.sentence if result.culprit is not None else ""),
            ("errors", "; ".join(result.errors)),
            ("baseline", result.baseline or ""),
            ("shell timeouts", result.played_longer or ""),
            ("not played", "; ".join(thing.sentence for thing in result.not_played)),
            ("journal", result.journal),
            *((check.id, f"{check.verdict}: {check.told}") for check in result.checks),
        ]
        # a worker of xdist can send plain text alone, and an enum is more than that
        self.user_properties += [(name, str(value)) for name, value in properties]
        self.result = result
        if not result.expected:
            raise UnexpectedOutcomeError(result)
        if result.verdict is Verdict.NOT_TESTED:
            pytest.skip(f"not tested: {result.not_tested_because}; journal: {result.journal}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The evidence, not a traceback through the harness."""
        from hookproof.errors import HookproofError  # noqa: PLC0415

        if isinstance(excinfo.value, UnexpectedOutcomeError | HookproofError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands over a failure."""
        return self.path, None, f"{self.case.scenario.id} · {self.case.plugin.name} · {self.case.lifecycle.name}"


class UnexpectedOutcomeError(Exception):
    """A case did not come out as expected. The text is the evidence."""

    def __init__(self, result: Result) -> None:
        from hookproof.judge.verdict import Verdict  # noqa: PLC0415

        lines = list(result.unexpected)
        for check in result.checks:
            if check.verdict is Verdict.NOT_TESTED:
                lines.append(f"{check.id}{check.said} not tested: {check.detail}")
                continue
            lines.append(
                f"{check.id}{check.said} {check.verdict}: seen {check.seen!r}, accepted: {', '.join(check.accepted)}"
            )
            lines.append(f"    {check.detail}")
        if result.cause:
            lines.append(f"cause {result.cause}: {'; '.join(result.reasons)}")
        if result.culprit is not None:
            lines.append(f"culprit: {result.culprit.sentence}")
        super().__init__("\n".join([*lines, f"journal: {result.journal}"]))
