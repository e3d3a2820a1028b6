"""The command line of `codex exec`: what is asked, of which conversation, told in which form."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = """\
Usage: codex exec [OPTIONS] [PROMPT]
       codex exec [OPTIONS] <COMMAND> [ARGS]

Commands:
  resume  Go on with an earlier conversation: resume [SESSION_ID | --last] [PROMPT]
  review  Review changes: review [--uncommitted | --base BRANCH | --commit SHA | PROMPT]

Options:
      --json                     Tell of every step, one JSON object a line
      --ephemeral                Leave no file of the conversation
  -C, --cd <DIR>                 Work in this directory
  -m, --model <MODEL>            Ask this model
  -c, --config <key=value>       Override a value of the configuration
      --enable <FEATURE>         Switch a feature on
      --disable <FEATURE>        Switch a feature off
  -o, --output-last-message <FILE>  Write the last message to a file
      --skip-git-repo-check      Work outside of a repository too
      --dangerously-bypass-approvals-and-sandbox  Accepted: nothing is asked or confined here
  -h, --help                     Print help
"""

_SHORT = {"-C": "--cd", "-m": "--model", "-c": "--config", "-o": "--output-last-message", "-s": "--sandbox"}
_SHORT |= {"-p": "--profile", "-h": "--help", "--yolo": "--dangerously-bypass-approvals-and-sandbox"}
_SHORT |= {"--experimental-json": "--json"}
_VALUES = (
    *("--cd", "--model", "--config", "--enable", "--disable", "--output-last-message", "--sandbox"),
    *("--profile", "--color", "--add-dir"),
)
_FLAGS = (
    *("--json", "--ephemeral", "--skip-git-repo-check", "--full-auto", "--help", "--oss"),
    *("--dangerously-bypass-approvals-and-sandbox", "--dangerously-bypass-hook-trust"),
)
_OF_COMMAND = {"resume": ("--last", "--all"), "review": ("--uncommitted",)}
_VALUES_OF_REVIEW = ("--base", "--commit", "--title")


class UsageError(Exception):
    """A command line that is none."""


class Options:
    """What one command line asks for."""

    def __init__(self) -> None:
        self.command: str | None = None
        self.flags: set[str] = set()
        self.values: dict[str, str] = {}
        self.overrides: list[tuple[str, str]] = []
        """(dotted key, TOML value), in their order."""
        self.words: list[str] = []
        """What is no option."""


def parse(arguments: list[str]) -> Options:
    """Read a command line, without `exec` itself. Raises UsageError."""
    options = Options()
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            options.words += rest
        elif argument == "-" or not argument.startswith("-"):
            if argument in _OF_COMMAND and options.command is None and not options.words:
                options.command = argument
            else:
                options.words.append(argument)
        else:
            _option(options, argument, rest)
    most = 2 if options.command == "resume" and "--last" not in options.flags else 1
    if len(options.words) > most:
        raise UsageError(f"unexpected argument '{options.words[most]}' found")
    return options


def _option(options: Options, argument: str, rest: Iterator[str]) -> None:
    name, equals, value = argument.partition("=")
    name = _SHORT.get(name, name)
    if name in _FLAGS or name in _OF_COMMAND.get(options.command or "", ()):
        options.flags.add(name)
        return
    if name not in _VALUES and not (options.command == "review" and name in _VALUES_OF_REVIEW):
        raise UsageError(f"unexpected argument '{argument}' found")
    given = value if equals else next(rest, None)
    if given is None:
        raise UsageError(f"a value is required for '{argument}' but none was supplied")
    if name == "--config":
        key, equals, value = given.partition("=")
        if not equals:
            raise UsageError(f"invalid value '{given}' for '--config <key=value>'")
        options.overrides.append((key.strip(), value.strip()))
    elif name in ("--enable", "--disable"):
        options.overrides.append((f"features.{given}", "true" if name == "--enable" else "false"))
    else:
        options.values[name] = given
