"""Other people's tests of the protocols that the hub speaks: git's own HTTP suites, and git-lfs's test of a server.

`python -m tests.conformance` fetches them from Debian, runs them against the hub's code, and writes `docs/conformance.md`.
"""
