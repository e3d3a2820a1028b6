"""The steps of the scripted model: what it answers to one agent, a text or one tool call at a time.

`{launch}`, `{wait}`, `{resume}`, `{review}` and `{bare}` (what keeps the hooks' variables from a command) come from a
companion's descriptor; `{known}`, `{other}` and `{claude}` (the known agent as Claude Code calls it) from a context
plugin's.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag, field_validator, model_validator

from hookproof.catalogue.reading import Strict


class ModelStep(Strict):
    """One answer of the scripted model to one agent."""

    after: Literal["job started", "look", "shell held", "main stopped"] | None = None
    """Hold the answer until the launched job runs, or until it runs and has been looked at; not if it was refused.

    "shell held": until the shell stands before a command that is `held`. "main stopped", in calibration: until the main
    agent's Stop hook has run.
    """
    if_told: str | None = None
    """Play the step only if this regular expression is found in what the model was told; else skip it."""
    unless_told: str | None = None

    @field_validator("if_told", "unless_told")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return value


class Say(ModelStep):
    """The model ends its turn with a text. `{result}` is what the agent's latest tool call came back with."""

    text: str
    again: bool = False
    """It is also what the agent says whenever it is asked after the end of its script, for as long as a hook wants."""


class Bash(ModelStep):
    """The model calls the shell."""

    call: Literal["Bash"]
    command: str
    run_in_background: bool = False
    timeout: int | None = None
    """Milliseconds, as the tool takes them."""
    held: bool = False
    """The shell waits before the command, which names a job, until a step releases it."""

    @model_validator(mode="after")
    def _can_be_held(self) -> Bash:
        if self.held and not (self.run_in_background and re.search(r"\bjob=[\w-]", self.command)):
            raise ValueError("held: expected a command in the background that names a job (job=NAME)")
        return self


class FileTool(ModelStep):
    """The model of a Claude Code session uses a tool on one file.

    Claude Code changes no file that the session has not read before, as its own rule has it: script a Read first.
    """

    call: Literal["Write", "Edit", "Read"]
    file_path: str
    """The file: a path from the project's folder on, or an absolute one."""


class Write(FileTool):
    """The model writes a file, all of it."""

    call: Literal["Write"]
    content: str


class Edit(FileTool):
    """The model replaces a text in a file."""

    call: Literal["Edit"]
    old_string: str
    new_string: str
    replace_all: bool = False


class Read(FileTool):
    """The model reads a file."""

    call: Literal["Read"]
    offset: int | None = None
    """The first line; the file's first without one."""
    limit: int | None = None
    """How many lines."""


class Agent(ModelStep):
    """The model of a Claude Code session starts a subagent."""

    call: Literal["Agent"]
    subagent_type: str
    prompt: str
    run_in_background: bool = False
    name: str | None = None
    """Under which name the subagent's script stands, when that is not its type."""


class Spawn(ModelStep):
    """The model of a Codex thread starts a child thread."""

    call: Literal["spawn_agent"]
    name: str
    """Under which name the child's script stands."""
    agent_type: str | None = None
    message: str
    fork: bool = False
    """Whether the child begins with all that its parent has said and heard."""


class Wait(ModelStep):
    """The model of a Codex thread waits for the children that it has started."""

    call: Literal["wait_agent"]
    names: list[str] = []
    """Which ones; all of them without a name."""


class Send(ModelStep):
    """The model of a Codex thread gives a child another turn."""

    call: Literal["send_input"]
    name: str
    message: str


def _step_kind(value: Any) -> Any:
    if isinstance(value, dict):
        return "text" if "text" in value and "call" not in value else value.get("call")
    return getattr(value, "call", "text")


AnyStep = Annotated[
    Annotated[Say, Tag("text")]
    | Annotated[Bash, Tag("Bash")]
    | Annotated[Write, Tag("Write")]
    | Annotated[Edit, Tag("Edit")]
    | Annotated[Read, Tag("Read")]
    | Annotated[Agent, Tag("Agent")]
    | Annotated[Spawn, Tag("spawn_agent")]
    | Annotated[Wait, Tag("wait_agent")]
    | Annotated[Send, Tag("send_input")],
    Discriminator(
        _step_kind,
        custom_error_type="model_step",
        custom_error_message='expected a step with `text = "..."`, or `call = "Bash"`, "Write", "Edit", "Read", '
        '"Agent", "spawn_agent", "wait_agent" or "send_input"',
    ),
]
