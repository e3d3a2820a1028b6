"""`hookproof calibrate`: plays the same scenarios on a stand-in and on the real host, and prints the differences."""

from __future__ import annotations

import argparse
import difflib
import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hookproof import places, processes
from hookproof.calibration.draft import draft
from hookproof.calibration.events import NoHookRanError
from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import Resolved, lifecycle_file, read_lifecycle, real
from hookproof.catalogue.scenario import Scenario, calibration_files, read_scenario
from hookproof.commands import UsageError, isolated, select
from hookproof.commands.outputs import write
from hookproof.compiled import compile_programs
from hookproof.hosts.registry import HOSTS
from hookproof.isolation import entry
from hookproof.report import calibration as report
from hookproof.report import terminal
from hookproof.report.isolation import of
from hookproof.suite import measure as measuring
from hookproof.suite.runs import new_run

if TYPE_CHECKING:
    from rich.console import Console


_SECONDS = 30.0
_LONGEST_SECONDS = 3600


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `calibrate`."""
    parser.add_argument("globs", nargs="*", metavar="GLOB", help="calibration scenarios to play (default: all)")
    host = parser.add_mutually_exclusive_group(required=True)
    for each in HOSTS.values():
        host.add_argument(f"--{each.name}", metavar="SPEC", help=f"the real {each.title}: a path, or npm:VERSION")
    parser.add_argument("--lifecycle", metavar="NAME", help="the stand-in's lifecycle (default: the nearest version)")
    parser.add_argument(
        "--repeat", type=int, default=3, metavar="N", help="play each scenario N times on both hosts (default: 3)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=_SECONDS,
        metavar="N",
        help=f"how long one wait may take; a run that misses it measures nothing (default: {_SECONDS:g})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the differences as JSON")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write a draft lifecycle for this version")
    isolated.arguments(parser)
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="directory in which runs are kept (default: the user's cache)"
    )


def execute(parsed: argparse.Namespace) -> int:
    """Play both, print, write.

    Exit status 1 when a difference is not known, when a known one does not come any more, and when nothing was measured
    in a scenario.
    """
    if parsed.repeat < 1:
        raise UsageError(f"--repeat {parsed.repeat}: expected a number from 1")
    if not 0 < parsed.seconds <= _LONGEST_SECONDS:
        raise UsageError(f"--seconds {parsed.seconds:g}: expected more than 0 and at most {_LONGEST_SECONDS}")
    host = next(name for name in HOSTS if getattr(parsed, name))
    chosen = scenarios(host, parsed.globs)
    for path in (parsed.json, parsed.record):
        if path is not None:
            write(path, "")  # a place that cannot be written is told before anything is played
    found = program(host, parsed)
    lifecycle = _lifecycle(host, parsed.lifecycle, found.version)
    console = terminal.console()
    processes.become_subreaper()
    compile_programs()
    with new_run(parsed.runs or places.runs_dir()) as run:
        options = select.play_options(console, real=True, allow_network=parsed.allow_network)
        options = replace(options, seconds=parsed.seconds)
        asked, played = run.path / "asked", run.path / "probe"
        try:
            unknown = measuring.ask_for_events(_simplest(host), lifecycle, asked, options=options, program=found)
        except NoHookRanError:
            for path in filter(None, (parsed.json, parsed.record)):
                path.unlink(missing_ok=True)  # there is nothing to put into it
            raise
        plugin = measuring.probe(host, played, without=unknown)
        fake, real_ = run.path / "fake", run.path / "real"
        fakes = measuring.measure(chosen, lifecycle, fake, repeat=parsed.repeat, options=options, plugin=plugin)
        reals = measuring.measure(
            chosen, lifecycle, real_, repeat=parsed.repeat, options=options, plugin=plugin, program=found
        )
    file = read_lifecycle(lifecycle_file(lifecycle))
    judged = measuring.compare_measured(chosen, fakes, reals, file.differences)
    isolation = options.isolation or entry.current()
    terminal.isolation(console, [of(isolation)])
    held = report.Held(host, found.version, lifecycle.name, tuple(fakes), tuple(unknown), judged)
    report.show(console, held)
    if parsed.json is not None:
        write(parsed.json, report.document(held, isolation))
    if parsed.record is not None:
        runs = [each for repeats in reals.values() for each in repeats]
        _record(parsed.record, console, draft(file, found.version, unknown, runs))
    return 1 if judged.unexplained or judged.stale or judged.unmeasured else 0


def _record(path: Path, console: Console, text: str | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
        console.print("no draft was written: nothing was measured on the real host")
        return
    write(path, text)
    console.print(f"the draft of a lifecycle is in {path}")


def _simplest(host: HostName) -> Scenario:
    """The scenario of a session and one turn."""
    return next(each for each in scenarios(host, ["main"]))


def scenarios(host: HostName, globs: Sequence[str]) -> list[Scenario]:
    """The scenarios of calibration whose name or id fits any of the globs; all without globs."""
    everything = [read_scenario(path) for path in calibration_files(host)]
    if not globs:
        return everything
    names = {scenario.id: scenario.id.rpartition("/")[2] for scenario in everything}
    chosen: set[str] = set()
    for glob in globs:
        fitting = {
            id_ for id_, name in names.items() if fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(id_, glob)
        }
        if not fitting:
            near = difflib.get_close_matches(glob, names.values(), n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"no scenario of calibration fits {glob!r}{hint} (there is: {', '.join(names.values())})")
        chosen |= fitting
    return [scenario for scenario in everything if scenario.id in chosen]


def program(host: HostName, parsed: argparse.Namespace) -> Program:
    """The real host that SPEC means. Raises UsageError, ReleaseError; installs what is missing."""
    spec = getattr(parsed, host)
    if spec == "fake":
        raise UsageError(f"--{host} fake: calibration needs the real host: a path, or npm:VERSION")
    found = select.programs(host, parsed)
    if len(found) > 1:
        raise UsageError(f"--{host} {spec}: one version is calibrated at a time")
    return found[0]


def _lifecycle(host: HostName, name: str | None, version: str) -> Resolved:
    resolved = select.lifecycles([name or real(host, version).like])[0]
    if resolved.host != host:
        raise UsageError(f"--lifecycle {name}: is one of {resolved.host}, not of {host}")
    return resolved
