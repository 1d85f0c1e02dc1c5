"""Killing a hub at random moments, and checking that it kept every promise it made.

`python -m tests.torture --rounds 20 --seed 1`, or `make torture`. One data folder lives through all rounds.
"""
