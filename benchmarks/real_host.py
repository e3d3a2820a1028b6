"""What a case costs on a real Claude Code, as a ratio to the bare time of the host's own run. See README.md here.

Bare is the same conversation with the same plugin and the same job, and nothing of the harness but the scripted model:
no tap, no observer, no looks, no census. Both are played in turns, in the isolation that real hosts need.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from hookproof import processes
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.host import HostName, Program
from hookproof.catalogue.lifecycle import real
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.scenario import MAIN, Scenario, read_scenario, scenario_files
from hookproof.hosts.install import releases
from hookproof.hosts.install.programs import resolve
from hookproof.hosts.install.releases import Release
from hookproof.hosts.registry import HOSTS, stand_ins
from hookproof.hosts.session import Setting
from hookproof.isolation import entry, outside
from hookproof.journal import Journal
from hookproof.model.script import Script
from hookproof.model.server import ModelServer
from hookproof.model.turns import Turns
from hookproof.play import Case, PlayOptions, play
from hookproof.records import Record
from hookproof.records.model import GateAnswered, ModelAnswer
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.environment import environment, model_key, search_path

SECONDS = 120.0


async def _no_hold(_agent: str, _after: str) -> None:
    """A bare run looks at nothing, so no answer waits for a look."""


async def bare(program: Program, scenario: Scenario, plugin: Plugin, folder: Path, more: Mapping[str, str]) -> float:
    """Seconds from the host's start to its end."""
    descriptor = plugin.descriptor
    if not isinstance(descriptor, Companion):
        raise TypeError(f"{plugin.name}: only companions are measured here")
    sandbox = sandboxes.build(plugin, real("claude", program.version), programs=stand_ins())
    variables = {"launch": descriptor.commands.launch.replace("{plugin}", str(sandbox.plugin))}
    answers = {name: f"Codex has finished job={name}." for name in scenario.jobs}
    needed = [*program.argv, sys.executable]
    with processes.CaseProcesses(sandbox.token, folder=sandbox.root, programs=needed) as group:
        journal = Journal(folder / "journal.jsonl")
        turns = Turns(Script(scenario.model, variables), answers, journal, _no_hold)
        model = ModelServer(turns, [host.wire for host in HOSTS.values()], journal, model_key(sandbox.token))
        env = environment(
            home=sandbox.home,
            tmp=sandbox.tmp,
            path=search_path(sandbox.bin, descriptor.needs),
            token=sandbox.token,
            recorder="",
            model=await model.start(),
            hosts=HOSTS.values(),
        ) | dict(more)
        began = time.monotonic()
        # as a stand-in would be: without our observer beside the plugin
        unobserved = Program(program.argv, "fake")
        session = await HOSTS["claude"].begin(
            Setting(
                name=MAIN,
                program=unobserved,
                sandbox=sandbox,
                journal=journal,
                env=env | {"HOOKPROOF_LIFECYCLE": str(sandbox.lifecycle)},
                processes=group,
                seconds=SECONDS,
            )
        )
        await session.type(scenario.user)
        for job in scenario.jobs:
            await journal.wait(_last_word, waiting_for="main's last word", seconds=SECONDS)
            turns.release(job)
            await journal.wait(lambda r: isinstance(r, GateAnswered), waiting_for="the job", seconds=SECONDS)
        await session.end()
        took = time.monotonic() - began
        await group.sweep(seconds=20.0)
        await model.stop()
        journal.close()
    sandbox.remove()
    return took


def _last_word(record: Record) -> bool:
    return isinstance(record, ModelAnswer) and record.agent == MAIN and record.text is not None


def install(host: HostName, version: str) -> Release:
    """What npm brings: it needs the network."""
    return outside.call(releases.install, host, version)


def main() -> int:
    """Print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claude", default="npm:2.1.91", help="as hookproof takes it (default: %(default)s)")
    parser.add_argument("--plugin", default="reference", help="a companion (default: %(default)s)")
    parser.add_argument("--scenario", default="jobs/pattern-c")
    parser.add_argument("-n", type=int, default=10, help="runs of each (default: %(default)s)")
    options = parser.parse_args()
    serve = entry.begin()
    if serve is not None:
        return serve()
    program = resolve("claude", options.claude, isolate=entry.current().open, install=install)[0]
    plugin = resolve_plugin(options.plugin)
    scenario = next(read_scenario(path) for path in scenario_files() if path.match(f"{options.scenario}.toml"))
    processes.become_subreaper()
    entered = entry.for_real_hosts(allow_network=False)
    case = Case(scenario, plugin, real("claude", program.version), 1, program)
    times: dict[str, list[float]] = {"bare": [], "case": []}
    for _ in range(options.n):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            times["bare"].append(asyncio.run(bare(program, scenario, plugin, Path(one), entered.environment)))
            began = time.monotonic()
            asyncio.run(play(case, Path(two), PlayOptions(extra_env=entered.environment)))
            times["case"].append(time.monotonic() - began)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{options.scenario} on {plugin.name}, Claude Code {program.version}, median of {options.n}:")
    print(f"  bare {medians['bare']:.2f} s, case {medians['case']:.2f} s: {medians['case'] / medians['bare']:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
