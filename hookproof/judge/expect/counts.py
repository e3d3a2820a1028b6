"""How often something happened, against how often it was to: in one outcome each. Used by every kind that counts."""

from __future__ import annotations

from dataclasses import dataclass

from hookproof.records.expect import Times

_WORDS = {1: "once", 2: "twice"}


@dataclass(frozen=True, slots=True)
class Counted:
    """What happens, and what it is called where it never does."""

    done: str
    never: str

    def accepted(self, times: Times) -> str:
        """The outcome that satisfies."""
        if times.most == 0:
            return self.never
        if times.least == times.most:
            return f"{self.done} {often(times.least)}"
        if times.most is None:
            return self.done if times.least == 1 else f"{self.done} at least {often(times.least)}"
        if times.least == 0:
            return f"{self.done} at most {often(times.most)}"
        return f"{self.done} {times.least} to {times.most} times"

    def outcome(self, times: Times, number: int) -> str:
        """The outcome of so many: the accepted one where they are right."""
        if times.fit(number):
            return self.accepted(times)
        return self.never if number == 0 else f"{self.done} {often(number)}"


def often(number: int) -> str:
    """So many times, as people say it."""
    return _WORDS.get(number, f"{number} times")
