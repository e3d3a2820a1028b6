"""The command line: `companion.py COMMAND [options] [words]`. An unknown option is an error, never part of the text."""

from __future__ import annotations

COMMANDS = {
    "task": ("--background", "--wait", "--json", "--task"),
    "adversarial-review": ("--background", "--wait", "--json"),
    "status": ("--all", "--json"),
    "result": ("--json",),
    "cancel": ("--json",),
}
INTERNAL = {"worker": ("--workspace", "--job-id"), "server": ("--workspace",)}
TAKE_A_VALUE = ("--task", "--workspace", "--job-id")


class UsageError(Exception):
    """The command line asks for what there is not, or for two things at once."""


class Arguments:
    def __init__(self, command: str) -> None:
        self.command = command
        self.options: dict[str, str] = {}
        self.words: list[str] = []

    @property
    def background(self) -> bool:
        return "--background" in self.options

    @property
    def text(self) -> str:
        return self.options.get("--task", " ".join(self.words)).strip()


def parse(argv: list[str]) -> Arguments:
    allowed = {**COMMANDS, **INTERNAL}.get(argv[0] if argv else "")
    if allowed is None:
        raise UsageError(f"{argv[0] if argv else 'nothing'!r} is no command; there are: {', '.join(COMMANDS)}")
    arguments = Arguments(argv[0])
    if "--background" not in allowed and argv[0] in COMMANDS:  # a slash command hands over all it was given as one word
        argv = " ".join(argv).split()
    words = iter(argv[1:])
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            arguments.words += words
        elif not name.startswith("-") or " " in name:
            arguments.words.append(word)
        elif name not in allowed:
            raise UsageError(f"{argv[0]} has no option {name}; it has {', '.join(allowed)}, and text may follow --")
        elif name in TAKE_A_VALUE:
            arguments.options[name] = value if equals else next(words, "")
        else:
            arguments.options[name] = ""
    _check(arguments)
    return arguments


def _check(arguments: Arguments) -> None:
    if arguments.background and "--wait" in arguments.options:
        raise UsageError("--background and --wait exclude each other")
    if "--task" in arguments.options and arguments.words:
        raise UsageError(f"the prompt comes once: with --task or as text, not also {' '.join(arguments.words)!r}")
    if arguments.command == "task" and not arguments.text:
        raise UsageError('task needs a prompt: task [--background|--wait] "what Codex should do"')
