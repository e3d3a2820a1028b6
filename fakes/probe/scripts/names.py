"""Prints the names of the variables that a host's shell sees, behind a word by which the line is found again."""

import os

print("PROBE-NAMES", *sorted(os.environ))
