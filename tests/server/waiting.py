"""Waiting for what others do."""

import time


def wait(what, condition, seconds):
    """Result of ``condition``, once it is not empty."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.5)
    return found
