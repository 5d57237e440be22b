"""Processes that are killed at random instants under load, and what must not be lost by it.

Their instants are real ones: a process that is killed knows no virtual clock, so that whatever waits here waits in real
time. What can be shown without processes is shown in `tests/simulation`, in virtual time.

`python -m tests.kills --help` says how to run it by hand.
"""
