"""Every kind of record that a journal holds. `docs/reference/journal.md` lists them; it is written from these classes.

The rooms of the house meet here: whoever writes a record builds its class, whoever reads one asks for its fields. A
field that is renamed in its class is renamed everywhere, or mypy says where not.
"""

from hookproof.records import faults, hosts, jobs, model, run, sent  # noqa: F401 - declares the kinds
from hookproof.records.base import KINDS, MisfitError, Part, Record, Sent, build, decode, outward, plain, shape, short

FORMAT = 4
"""The format of the journals that are written. 1 is what was written before formats had numbers."""

__all__ = [
    "FORMAT",
    "KINDS",
    "MisfitError",
    "Part",
    "Record",
    "Sent",
    "build",
    "decode",
    "outward",
    "plain",
    "shape",
    "short",
]
