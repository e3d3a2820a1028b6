"""What a run is kept apart from: the machine's network, its files, its other processes.

On Linux a verb that plays is three processes (`linux.enclosure`): the outer one, which the user started, has the
machine as it is; the inner one is hookproof itself, in namespaces of its own; what that starts sees the machine's files
through a view (`linux.view`). Elsewhere, and where namespaces are refused, there is one process and no such promise.
"""
