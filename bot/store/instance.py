"""One bot a database: a lock beside the file, which the kernel lets go of however the process ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import InUse, StoreError


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock of a database file; raises ``InUse`` where another bot holds it, ``StoreError`` without rights."""
    if not path.resolve().parent.is_dir():
        yield  # the caller says it better
        return
    lock = path.with_name(path.name + ".lock")
    try:
        opened = lock.open("w")
    except OSError as error:
        raise StoreError(f"{lock} cannot be written ({error.strerror}): change the folder's rights.") from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InUse(f"another bot is using {path}: end it first, or use another DATABASE_PATH.") from error
        yield
