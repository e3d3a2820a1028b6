"""The checks: what each requirement's sentence comes to in one run. Importing the folder enters them all in `CHECKS`.

A check is a pure function of a run view. It finds an outcome in the words of the requirement's accepted ones (None
where the evidence is missing), and the record of the journal at which that shows. Whether it conforms is not its
business.
"""

from hookproof.judge.checks import (  # noqa: F401 - enters the checks
    any_hooks,
    at_once,
    cancel,
    context,
    elsewhere,
    hooks,
    jobs,
    once_each,
    starts,
    state,
    teardown,
)
from hookproof.judge.checks.registry import CHECKS

__all__ = ["CHECKS"]
