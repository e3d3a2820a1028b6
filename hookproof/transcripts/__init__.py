"""A host's own transcript of a conversation, turned into a scenario that plays it again.

`claude` and `codex` read the files of either host into `conversation`; `cleaning` takes out what is the user's own;
`scenario` writes the file. `hookproof init --from-transcript` calls `scenario.scenario_of`.
"""
