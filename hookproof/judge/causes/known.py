"""Every cause that hookproof knows, of a lost job and of a lost context: what each means, and which one a run shows.

Asked by `judge`, and by whoever tells people of causes: reports, `explain`.
"""

from __future__ import annotations

from collections.abc import Iterable

from hookproof.judge.causes import context, table
from hookproof.judge.causes.signature import Signature, find_signature
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import Finding


def find_cause(view: RunView, findings: Iterable[tuple[str, Finding]]) -> Signature:
    """Why a job was lost; else why a text was, as the findings that are not as they should be have it."""
    of_job = find_signature(view)
    return of_job if of_job.id is not None else context.find_context_cause(view, findings) or of_job


def meaning(name: str, *, beside: bool = False) -> str:
    """What a cause says, a clause. `beside`: it stands beside another one that has lost something."""
    return context.MEANINGS.get(name) or table.meaning(name, beside=beside)


def described() -> dict[str, list[str]]:
    """By the name of each cause: what it says, what speaks for it, where it was seen. A sentence a line."""
    jobs = {
        name: [each.meaning, f"known by: {each.known_by}", f"left behind where it was seen: {each.example}"]
        for name, each in table.CAUSES.items()
    }
    return jobs | {name: [says, f"known by: {context.EVIDENCE[name]}"] for name, says in context.MEANINGS.items()}
