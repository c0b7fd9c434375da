"""What the feed worker may not do: live on alone, grow, run on, open files or sockets, start programs."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from typing import Any

if sys.platform != "win32":
    import resource

MEMORY = 512 * 2**20
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.remove")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib", ".bin")  # the last: what the character set detector has learnt


def enter() -> None:
    """Shut the process in, for good. Imports go on: code may be read from where Python looks for it."""
    if sys.platform != "win32":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; our end is the end of our input
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    readable = tuple({os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, *sys.path) if path})
    sys.addaudithook(lambda event, args: _refuse(event, args, readable))


def allow_cpu(seconds: float) -> None:
    """Let the process burn so much more CPU time; the system kills it then, even when the parent is gone."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        limit = int(time.process_time() + seconds) + 1
        if hard == resource.RLIM_INFINITY or limit <= hard:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def _refuse(event: str, args: tuple[Any, ...], readable: tuple[str, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)
    if event == "open" and isinstance(args[0], str | bytes):
        writes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        path = os.path.realpath(os.fsdecode(args[0]))
        if writes or not path.startswith(readable) or not path.endswith(_CODE):
            raise PermissionError(event)
