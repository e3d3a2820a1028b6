"""What the harness costs, as ratios measured in one run. See README.md beside this file."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hookproof import journal as journals
from hookproof import places, processes
from hookproof.catalogue.descriptor import Companion
from hookproof.catalogue.lifecycle import resolve_lifecycle
from hookproof.catalogue.plugin import Plugin, resolve_plugin
from hookproof.catalogue.scenario import read_scenario
from hookproof.hosts.registry import HOSTS, WORKER, stand_ins
from hookproof.journal import Journal
from hookproof.model.script import Script
from hookproof.model.server import ModelServer
from hookproof.model.turns import Turns
from hookproof.play import Case, PlayOptions, play
from hookproof.records import Record
from hookproof.records.jobs import SnapshotTaken
from hookproof.records.run import ProcessDied
from hookproof.records.sent import HookStarted, ShellStarted
from hookproof.sandbox import sandbox as sandboxes
from hookproof.sandbox.environment import environment, model_key, search_path
from hookproof.suite.cases import run_cases
from hookproof.suite.judging import Judges
from hookproof.suite.matrix import matrix
from hookproof.suite.runs import new_run

OPTIONS = PlayOptions()


def play_one(case: Case, folder: Path) -> list[Record]:
    """Play one case, unjudged; its records."""
    folder.mkdir()
    return journals.read(asyncio.run(play(case, folder, OPTIONS)))


class BareLoop:
    """The processes of one case again, by a plain loop."""

    def __init__(self, plugin: Plugin, records: list[Record], folder: Path) -> None:
        self._plugin = plugin
        if not isinstance(plugin.descriptor, Companion):
            raise TypeError(f"{plugin.name}: only companions are measured here")
        self._companion = plugin.descriptor
        self._records = records
        self._folder = folder

    async def run(self) -> float:
        """Seconds for all of them, one after another. The world and the model server are there before and not timed."""
        self._folder.mkdir()
        sandbox = sandboxes.build(self._plugin, resolve_lifecycle("as-reported-345"), programs=stand_ins())
        journal = Journal(self._folder / "journal.jsonl")

        async def never(_agent: str, _after: str) -> None:
            return None

        turns = Turns(Script({}, {}), {"review": "Done."}, journal, never)
        server = ModelServer(turns, [WORKER.wire], journal, model_key(sandbox.token))
        env = environment(
            home=sandbox.home,
            tmp=sandbox.tmp,
            path=search_path(sandbox.bin, self._plugin.descriptor.needs),
            token=sandbox.token,
            recorder="",
            model=await server.start(),
            hosts=HOSTS.values(),
        )
        del env["HOOKPROOF_RECORDER"]
        turns.release("review")
        with processes.CaseProcesses(sandbox.token) as group:
            began = time.perf_counter()
            await asyncio.to_thread(self._loop, sandbox, env)
            seconds = time.perf_counter() - began
            await group.sweep(seconds=10)
        await server.stop()
        journal.close()
        sandbox.remove()
        return seconds

    def _loop(self, sandbox: sandboxes.Sandbox, env: dict[str, str]) -> None:
        host = [
            *HOSTS["claude"].stand_in().argv,
            "-p",
            "--input-format",
            "stream-json",
            "--output-format",
            "stream-json",
            "--verbose",
        ]
        self._start(host, {**env, "HOOKPROOF_LIFECYCLE": str(sandbox.lifecycle)}, sandbox.project, b"")
        status = self._companion.commands.status.replace("{plugin}", str(sandbox.plugin))
        old = self._old_root()
        for record in self._records:
            if isinstance(record, HookStarted):
                own = {**env, **_moved(record.env, old, sandbox.root), "CLAUDE_PLUGIN_ROOT": str(sandbox.plugin)}
                command = record.command.replace(old, str(sandbox.root))
                self._start(["/bin/sh", "-c", command], own, sandbox.project, json.dumps(record.payload).encode())
            elif isinstance(record, ShellStarted):
                self._start(
                    ["/bin/bash", "-c", (record.command or "").replace(old, str(sandbox.root))],
                    env,
                    sandbox.project,
                    b"",
                )
            elif isinstance(record, SnapshotTaken):
                for _ in record.places:
                    self._start(["/bin/bash", "-c", f"exec {status}"], env, sandbox.project, b"")

    def _old_root(self) -> str:
        started = next(record for record in self._records if isinstance(record, HookStarted))
        return str(Path(started.cwd).parent)

    @staticmethod
    def _start(argv: list[str], env: dict[str, str], cwd: Path, stdin: bytes) -> None:
        subprocess.run(
            argv, env=env, cwd=cwd, input=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )


def _moved(env: dict[str, str], old: str, new: Path) -> dict[str, str]:
    return {name: value.replace(old, str(new)) for name, value in env.items()}


def case_over_bare(plugin: Plugin, repeats: int, folder: Path) -> dict[str, float]:
    """Median seconds of a Pattern C case and of its bare loop, taken in turns, and their ratio."""
    scenario = read_scenario(places.SCENARIOS / "jobs" / "pattern-c.toml")
    case = Case(scenario, plugin, resolve_lifecycle("as-reported-345"))
    played, bare = [], []
    for number in range(repeats + 1):
        began = time.perf_counter()
        records = play_one(case, folder / f"case-{number}")
        seconds = time.perf_counter() - began
        loop = asyncio.run(BareLoop(plugin, records, folder / f"bare-{number}").run())
        if number:  # the first warms the caches
            played.append(seconds)
            bare.append(loop)
    ratios = [case_ / loop for case_, loop in zip(played, bare, strict=True)]
    return {"case": statistics.median(played), "bare": statistics.median(bare), "ratio": statistics.median(ratios)}


def suite_over_half(folder: Path) -> dict[str, float]:
    """The suite on two processors against half the sum of its cases played one at a time."""
    scenarios = [read_scenario(path) for path in sorted((places.SCENARIOS / "jobs").glob("*.toml"))]
    cases = matrix(scenarios, [resolve_plugin("reference")], [resolve_lifecycle("as-reported-345")])
    judges = Judges.read()

    def run(workers: int) -> float:
        runs = new_run(folder / f"suite-{workers}-{time.monotonic_ns()}").path
        began = time.perf_counter()
        run_cases(cases, runs, OPTIONS, judges, workers=workers, on_result=lambda _result: None)
        return time.perf_counter() - began

    run(2)
    one, two = run(1), run(2)
    return {"cases": len(cases), "one at a time": one, "two at a time": two, "ratio": two / (one / 2)}


def list_over_bare(repeats: int) -> dict[str, float]:
    """`hookproof list` against a bare interpreter."""
    words = {"list": ["-m", "hookproof", "list"], "bare": ["-c", "pass"]}
    seconds: dict[str, list[float]] = {name: [] for name in words}
    for _ in range(repeats * 3):
        for name, arguments in words.items():
            command = [sys.executable, *arguments]
            began = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {**medians, "ratio": medians["list"] / medians["bare"]}


def _died(pid: int) -> journals.Predicate:
    return lambda record: isinstance(record, ProcessDied) and record.pid == pid


async def death_to_journal(repeats: int, folder: Path) -> dict[str, float]:
    """Milliseconds from the kill to the record in the journal."""
    journal = Journal(folder / "deaths.jsonl")

    def note(death: processes.Death) -> None:
        journal.write(
            ProcessDied(pid=death.identity.pid, start=death.identity.start, code=None, signal=None, observed=False)
        )

    watch = processes.DeathWatch(asyncio.get_running_loop(), note)
    took = []
    for _ in range(repeats * 4):
        child = await processes.spawn(
            [sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"], env={}, cwd="/"
        )
        watch.watch(child.identity)
        began = time.perf_counter()
        child.signal(9)
        pid = child.identity.pid
        await journal.wait(_died(pid), waiting_for="the death", seconds=10)
        took.append((time.perf_counter() - began) * 1000)
        await child.wait()
        child.close()
    watch.close()
    journal.close()
    return {"median": statistics.median(took), "max": max(took)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plugin", action="append", help="plugins of the case ratio (default: reference:as-reported)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path)
    parsed = parser.parse_args()
    processes.become_subreaper()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, spec in enumerate(parsed.plugin or ["reference:as-reported"]):
            plugin = resolve_plugin(spec)
            inside = folder / str(number)
            inside.mkdir()
            found[f"case / bare, {plugin.name}"] = case_over_bare(plugin, parsed.repeats, inside)
        found["suite / half"] = suite_over_half(folder)
        found["list / bare"] = list_over_bare(parsed.repeats)
        found["death to journal, ms"] = asyncio.run(death_to_journal(parsed.repeats, folder))
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")
    for what, numbers in found.items():
        print(f"{what:<45}" + "  ".join(f"{name} {value:.3f}" for name, value in numbers.items()))
    if parsed.json:
        parsed.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
