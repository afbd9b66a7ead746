"""In which order a process flushes, publishes and deletes."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

_hooks = []


def _audit(event, args):
    for hook in _hooks:
        hook(event, args)


sys.addaudithook(_audit)  # for good: there is no way to take one back


@contextmanager
def flushed(monkeypatch):
    """What this process flushes, links and deletes meanwhile: pairs of what and where, in order."""
    events, real = [], os.fsync

    def fsync(descriptor):
        real(descriptor)
        events.append(("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink()).partition("#")[0]))

    def hook(event, args):
        if event == "os.link":
            events.append(("link", os.fspath(args[1])))
        elif event == "os.remove":
            events.append(("remove", os.fspath(args[0])))

    _hooks.append(hook)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        try:
            yield events
        finally:
            _hooks.remove(hook)
