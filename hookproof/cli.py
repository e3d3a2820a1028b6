"""The command line. It knows the verbs' names; a verb's module is imported only when it is used."""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence

from hookproof import __version__, interrupts
from hookproof.errors import HookproofError, Status

VERBS = {
    "init": "write hookproof.toml and a first scenario for the plugin of this repository",
    "reproduce": "play what an issue reports and show the results as a table",
    "run": "play scenarios and judge them",
    "list": "list scenarios or, with an option, requirements, lifecycles or plugins",
    "explain": "explain a scenario, requirement, lifecycle, policy, cause or step",
    "recheck": "judge an old run again, from its journals",
    "compare": "show what changed between two runs",
    "report": "merge the JSON of many machines into one report",
    "calibrate": "compare a stand-in with the real host",
    "hosts": "install real hosts from npm into a private cache",
    "doctor": "show what this machine can and cannot run, and why",
}

PLAYING = frozenset({"reproduce", "run", "calibrate"})
"""The verbs that start programs which are not hookproof's own."""

_EPILOG = """\
exit status: 0 as expected, 1 not as expected, 2 wrong usage, 3 error in hookproof itself,
             130 interrupted (143 by SIGTERM, 129 by a closed terminal)

examples:
  hookproof reproduce 345
  hookproof reproduce 345 --plugin ~/src/codex-plugin-cc
  hookproof run 'pattern-*' --plugin reference:as-reported --lifecycle all
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The entry point. Returns the exit status. Without `argv` this process is the program, and hears signals."""
    if argv is not None:
        return _main(argv)
    interrupts.take()
    try:
        if _plays(sys.argv[1:]):
            from hookproof.commands import isolated  # noqa: PLC0415 - only for what plays

            return isolated.main(sys.argv[1:], _main)
        return _main(sys.argv[1:])
    finally:
        interrupts.over()


def _plays(arguments: Sequence[str]) -> bool:
    """Whether these words have something played; a verb that only tells needs no isolation."""
    verb = next((word for word in arguments if not word.startswith("-")), None)
    return verb in PLAYING and not {"-h", "--help"} & set(arguments)


def _main(argv: Sequence[str]) -> int:
    arguments = list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # what a code page has no sign for (a Japanese Windows has no middle dot) is a question mark, and no error
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(
        prog="hookproof",
        description="A conformance test suite for hooks of coding agents, and a harness that reproduces their bugs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hookproof {__version__}")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of what --json writes, and exit")
    # with a name of its own it writes no usage at once, for which argparse would import what measures the terminal
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", prog=parser.prog)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for verb, help_ in VERBS.items():
        subparser = verbs.add_parser(verb, help=help_, description=f"{help_[0].upper()}{help_[1:]}.")
        if verb == wanted:
            # the other verbs' options cost their imports and are not asked for
            _module(verb).arguments(subparser)
    parsed = parser.parse_args(arguments)
    if parsed.schema:
        parsed.verb = "report"
    if parsed.verb is None:
        parser.print_help()
        return Status.USAGE
    return _carry_out(parsed)


def _module(verb: str):  # type: ignore[no-untyped-def]  # each verb module has arguments() and execute()
    return importlib.import_module(f"hookproof.commands.{verb}")


def _carry_out(parsed: argparse.Namespace) -> int:
    interrupts.begin()
    try:
        with interrupts.during(f"`hookproof {parsed.verb}` was at work"), interrupts.unwinding():
            return int(_module(parsed.verb).execute(parsed))
    except (KeyboardInterrupt, Exception) as error:
        if interrupts.caused(error):
            return interrupts.told(error)
        if isinstance(error, BrokenPipeError):
            return Status.OK
        return _failed(error)


def _failed(error: BaseException) -> int:
    """A known kind of mistake is told in its own words; anything else is our fault and says so."""
    from hookproof import clean  # noqa: PLC0415

    if isinstance(error, HookproofError):
        print(f"hookproof: {clean.text(str(error))}", file=sys.stderr)
        return int(error.status)
    import os  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    if os.environ.get("HOOKPROOF_TRACEBACK"):
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}, line {frame.lineno} of {frame.filename.replace(os.sep, '/').rpartition('/')[2]}"
    print(
        f"hookproof: internal error: {type(error).__name__}: {clean.line(str(error))} (at {where}); please report it, "
        "with HOOKPROOF_TRACEBACK=1 for the whole trace",
        file=sys.stderr,
    )
    return Status.HARNESS


if __name__ == "__main__":
    raise SystemExit(main())
