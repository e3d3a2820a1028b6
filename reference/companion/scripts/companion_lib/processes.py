"""Processes of this platform: start them, know them again, end them. The two platforms stand side by side.

An identity is (pid, start time): a pid alone may by now be anybody's. A job's tree is its leader and all that carries
the mark, a variable that the leader's children are born with and that detached ones and orphans keep.
"""

import sys

if sys.platform == "win32":
    from .processes_windows import Child, Lock, end_group, end_tree, remove, replace, start, start_time
else:
    from .processes_linux import Child, Lock, end_group, end_tree, remove, replace, start, start_time

__all__ = ["Child", "Lock", "end_group", "end_tree", "remove", "replace", "start", "start_time"]
