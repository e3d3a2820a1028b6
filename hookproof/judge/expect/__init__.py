"""The user's own sentences, judged: one function for each kind of `records.expect.Expected`.

`judge` calls `judged.find` with the run view, and gets a finding as from any check.
"""
