"""The command line, as far as it is known here. Errors are those of the real program."""

from __future__ import annotations

FORMATS = {"--input-format": ("text", "stream-json"), "--output-format": ("text", "json", "stream-json")}
WITH_VALUE = ("--plugin-dir", "--session-id", "--model", "--resume", *FORMATS)
SHORT = {"-p": "--print", "-v": "--version", "-r": "--resume"}


class UsageError(Exception):
    """A command line that the host refuses."""


class Options:
    """What was asked for."""

    def __init__(self) -> None:
        self.print = False
        self.version = False
        self.verbose = False
        self.skip_permissions = False
        self.include_hook_events = False
        self.input_format = "text"
        self.output_format = "text"
        self.plugin_dirs: list[str] = []
        self.session_id: str | None = None
        self.resume: str | None = None
        self.model: str | None = None
        self.prompt: str | None = None


def parse(arguments: list[str]) -> Options:
    """Read the command line."""
    options = Options()
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word == "--":
            _prompt(options, words)
            break
        if not word.startswith("-") or word == "-":
            _prompt(options, [word])
            continue
        name, equals, value = word.partition("=")
        name = SHORT.get(name, name)
        if name in WITH_VALUE:
            if not equals:
                if not words:
                    raise UsageError(f"error: option '{name}' argument missing")
                value = words.pop(0)
            _set(options, name, value)
        elif not _switch(options, name) or equals:
            raise UsageError(f"error: unknown option '{word}'")
    _check(options)
    return options


def _prompt(options: Options, words: list[str]) -> None:
    for word in words:
        if options.prompt is not None:
            raise UsageError(f"error: too many arguments: expected one prompt, found also '{word}'")
        options.prompt = word


def _set(options: Options, name: str, value: str) -> None:
    if name in FORMATS and value not in FORMATS[name]:
        choices = ", ".join(FORMATS[name])
        raise UsageError(
            f"error: option '{name} <format>' argument '{value}' is invalid. Allowed choices are {choices}."
        )
    if name == "--plugin-dir":
        options.plugin_dirs.append(value)
    else:
        setattr(options, name.removeprefix("--").replace("-", "_"), value)


def _switch(options: Options, name: str) -> bool:
    names = {
        "--print": "print",
        "--version": "version",
        "--verbose": "verbose",
        "--dangerously-skip-permissions": "skip_permissions",
        "--include-hook-events": "include_hook_events",
    }
    if name in names:
        setattr(options, names[name], True)
    return name in names


def _check(options: Options) -> None:
    if options.version:
        return
    if options.output_format == "stream-json" and not options.verbose:
        raise UsageError("Error: When using --print, --output-format=stream-json requires --verbose")
    if options.input_format == "stream-json" and options.output_format != "stream-json":
        raise UsageError("Error: --input-format=stream-json requires output-format=stream-json.")
    if options.session_id is not None and not is_uuid(options.session_id):
        raise UsageError("Error: Invalid session ID. Must be a valid UUID.")


def is_uuid(text: str) -> bool:
    """Whether a text has the form of a UUID."""
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and all(
        letter in "0123456789abcdefABCDEF" for part in parts for letter in part
    )
