"""Processes that are killed at random instants under load, and what must not be lost by it.

`python -m tests.kills --help` says how to run it by hand.
"""
