"""The owner of a run, and errors for others who want to write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """The process behind an attempt, and when it was last heard of.

    Attributes
    ----------
    number : int
        Number of the attempt.
    host : str
        Name of its machine.
    pid : int
        Its process.
    since, seen : float
        When it began and last renewed its lease, in seconds since 1970 by its machine's clock: for people.
    alive : bool
        Whether it still holds the run. Of a process on another machine a single look cannot tell: it counts as alive
        unless it gave the run back, was watched in vain for 90 s, or has been silent for a day.
    here : bool
        Whether it is one of this machine.
    deletes : bool
        Whether it has begun to delete the run.
    """

    number: int
    host: str
    pid: int
    since: float
    seen: float
    alive: bool
    here: bool = True
    deletes: bool = False
