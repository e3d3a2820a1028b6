"""The `codex` program's entry: sees what is asked of it and imports no more than that needs.

A plugin asks for `--version` and `app-server --help` before every job, so these two cost a bare interpreter.
"""

import os
import sys

# `-I` leaves the program's own directory out of the path. Behind the standard library, whose modules are found first
# then: most of what is imported are those
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path += [HERE, os.path.join(os.path.dirname(HERE), "shared")]

from codex_fake import version  # noqa: E402 - found by the path above


def main(argv: list[str]) -> int:
    """Run one command line. Returns the exit code."""
    command = argv[0] if argv else None
    if command in ("--version", "-V"):
        print(f"codex-cli {version.current()}")
        return 0
    if command in ("--help", "-h", "help"):
        print(version.USAGE, end="")
        return 0
    if command == "app-server":
        return app_server(argv[1:])
    if command in ("exec", "e"):
        return execute(argv[1:])
    what = f"unrecognized subcommand '{command}'" if command else "a subcommand is required"
    print(f"error: {what}\n\n{version.USAGE}", end="", file=sys.stderr)
    return 2


def execute(arguments: list[str]) -> int:
    """`codex exec`: of a host where the lifecycle is one of Codex, else of a worker."""
    from codex_fake import signals  # noqa: PLC0415 - as below

    signals.block()
    if os.environ.get("HOOKPROOF_LIFECYCLE"):
        from codex_fake import lifecycle  # noqa: PLC0415 - what `--version` need not pay

        if lifecycle.load() is not None:
            from codex_fake import exec_command  # noqa: PLC0415 - nor a worker

            status = exec_command.run(arguments)
            if status is not None:
                return status
    from codex_fake import exec_worker  # noqa: PLC0415 - as above

    return exec_worker.run(arguments)


def app_server(options: list[str]) -> int:
    """`codex app-server [OPTIONS]`. Serves until stdin ends or a signal comes."""
    if "--help" in options or "-h" in options:
        print(version.APP_SERVER_USAGE, end="")
        return 0
    wrong = version.unknown_option(options)
    if wrong is not None:
        print(f"error: unexpected argument '{wrong}' found\n\n{version.APP_SERVER_USAGE}", end="", file=sys.stderr)
        return 2
    from codex_fake import signals  # noqa: PLC0415 - before everything else that takes time: who sends a signal counts

    signals.block()
    from codex_fake import app_server as server  # noqa: PLC0415 - 20 ms that `--version` need not pay

    return server.serve()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
