"""Git repositories: the port behind which they are stored, and the adapter that keeps them on local disk.

`port` is the contract; `gitcli` implements it with the git binary. `paths`, `refnames` and `pointers` are pure rules.
"""
