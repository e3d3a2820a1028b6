"""The `[[then]]` steps of a scenario: what the harness waits for, and what it does then, in words."""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from hookproof.catalogue.deeds import DEEDS, deed_of
from hookproof.catalogue.reading import Strict

WHEN = (
    r"job(?: (?P<started>[\w-]+))? started",
    r"job(?: (?P<ended>[\w-]+))? ended",
    r"job(?: (?P<changed>[\w-]+))? (?:queued|cancelled)",
    r"subagent(?: (?P<subagent>[\w:#.-]+))? ended",
    r"shell ended",
    r"turn(?: of (?P<turn>[\w-]+))? (?:ended|reported)",
    r"session(?: (?P<session>[\w-]+))? (?:started|cleared|compacted|resumed|ended)",
)
DO = (
    r"look",
    r"release job(?: (?P<release>[\w-]+))?",
    r"release shell",
    r"fetch result(?: (?P<fetch>[\w-]+))?",
    r"(?:start|end) session(?: (?P<session>[\w-]+))?",
    r"end sessions",
    r"fork session (?P<fork>[\w-]+)",
    r"(?:clear|compact|resume) session",
    r"close terminal",
    *(deed.words for deed in DEEDS),
)


class Then(Strict):
    """One step of the harness: wait for `when`, then `do` something or let the user type."""

    when: str
    do: str | None = None
    user: str | None = None

    @field_validator("when")
    @classmethod
    def _known_when(cls, value: str) -> str:
        return _known(
            value,
            WHEN,
            "job started, job ended, job queued, job cancelled, subagent ended, shell ended, turn ended, "
            "turn reported, session started, session cleared, session compacted, session resumed, session ended",
        )

    @field_validator("do")
    @classmethod
    def _known_do(cls, value: str | None) -> str | None:
        if value is None:
            return None
        return _known(
            value,
            DO,
            "look, release job, release shell, fetch result, start session NAME, end session [NAME], end sessions, "
            "fork session NAME, clear session, compact session, resume session, close terminal, "
            f"{', '.join(deed.says for deed in DEEDS)}",
        )

    @model_validator(mode="after")
    def _does_something(self) -> Then:
        if (self.do is None) == (self.user is None):
            raise ValueError("expected exactly one of `do` and `user`")
        return self


def about_jobs(step: Then) -> bool:
    """Whether the step makes sense only where there are jobs."""
    done = step.do or ""
    return step.when.startswith("job") or done.startswith(("release", "fetch")) or deed_of(done) is not None


def names_in(step: Then) -> dict[str, str]:
    """The names that a step's `when` and `do` carry, by what they name."""
    found: dict[str, str] = {}
    for text, patterns in ((step.when, WHEN), (step.do or "", DO)):
        for pattern in patterns:
            match = re.fullmatch(pattern, text)
            if match:
                found.update({key: name for key, name in match.groupdict().items() if name})
    return found


def _known(value: str, patterns: tuple[str, ...], expected: str) -> str:
    if not any(re.fullmatch(pattern, value) for pattern in patterns):
        raise ValueError(f"expected one of: {expected}")
    return value
