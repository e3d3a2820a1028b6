"""Every cause that hookproof knows, of a lost job and of a lost context: what each means, and which one a run shows.

Asked by `judge`, and by whoever tells people of causes: reports, `explain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hookproof.judge.causes import context, signature
from hookproof.judge.causes.signature import Signature, find_signature
from hookproof.judge.run_view import RunView
from hookproof.judge.verdict import Finding

MEANINGS: Mapping[str, str] = {**signature.HYPOTHESES, **context.MEANINGS}
EVIDENCE: Mapping[str, str] = {**signature.EVIDENCE, **context.EVIDENCE}


def find_cause(view: RunView, findings: Iterable[tuple[str, Finding]]) -> Signature:
    """Why a job was lost; else why a text was, as the findings that are not as they should be have it."""
    of_job = find_signature(view)
    return of_job if of_job.id is not None else context.find_context_cause(view, findings) or of_job
