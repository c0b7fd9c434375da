"""A folder of saved pages on the bot's own machine: every file with a story in it is a story.

Only the operator names folders, as ``folder:`` and an absolute path; no address that somebody pastes in a chat leads
to one.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import NotAStory, SourceError
from bot.markdown import clean_line
from bot.sources.base import Cursor, Discussion, Document, Fetched, Item, NotThisKind, Web
from bot.sources.page import read_path

SCHEME = "folder:"
ENDINGS = frozenset((".html", ".htm", ".xhtml", ".txt"))
MAX_FILES = 500
_MAX_ENTRIES = 20_000
_MAX_NOTES = 10
_MARK = 12  # hex digits of a file's mark in the cursor


class Folder:
    """A directory, not those inside it; the files are read where they lie and never written."""

    name = "folder"
    label = "Folder of saved pages"

    async def parse(self, document: Document) -> Fetched:
        """Raise ``NotThisKind``: a single document is a page."""
        raise NotThisKind("A folder is not a document; read the page itself.")

    async def find(self, web: Web, document: Document) -> str | None:
        """Return None: nothing that came from a site may name a folder of this machine."""
        return None

    async def read(self, web: Web, address: str, cursor: Cursor) -> Fetched:
        """Return the stories of the files that are new or changed, with their comments.

        Raises ``SourceError`` where the folder cannot be read. A file without a story gives a note.
        """
        folder = path_of(address)
        files, notes = await asyncio.to_thread(_look, folder)
        seen = _marks(cursor)
        now = {file.mark for file in files}
        marks = {"files": "".join(sorted(now))}
        if cursor and now == seen:
            return Fetched(cursor=cursor, unchanged=True, name=folder.name)
        items: list[Item] = []
        for file in files:
            if file.mark not in seen:
                try:
                    items.append(await _read(folder, file))
                except NotAStory as error:
                    notes.append(f"{clean_line(file.path.name)}: {error}")
        return Fetched(tuple(items), marks, name=folder.name, notes=_few(notes))

    async def discuss(self, web: Web, address: str, cursor: Cursor) -> Discussion:
        """Raise ``SourceError``: the comments come with the pages."""
        raise SourceError("The comments of saved pages come with the pages; a folder has no threads.")


def address_of(path: Path) -> str:
    """Return the address of a folder; raises ``SourceError`` where there is none."""
    try:
        found = path.expanduser().resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError(f"There is no folder named {path.name}.") from error
    if not found.is_dir():
        raise SourceError(f"{path.name} is not a folder.")
    return f"{SCHEME}{found}"


def path_of(address: str) -> Path:
    """Return the folder that an address names; raises ``SourceError`` for any other address."""
    path = Path(address.removeprefix(SCHEME))
    if not address.startswith(SCHEME) or not path.is_absolute() or "\0" in address:
        raise SourceError('A folder is named as "folder:" and its whole path, as in folder:/srv/pages.')
    return path


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    mark: str  # changes with name, time and size


def _look(folder: Path) -> tuple[list[_File], list[str]]:
    """Return the folder's pages in the order of their names, the newest 500 at most; no link leads out of it."""
    found: list[tuple[int, str, _File]] = []
    try:
        root = folder.resolve(strict=True)
        with os.scandir(root) as entries:
            for number, entry in enumerate(entries):
                if number >= _MAX_ENTRIES:
                    break
                if (known := _known(root, Path(entry.path))) is not None:
                    found.append(known)
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError("This folder cannot be read; check that it exists and that the bot may read it.") from error
    found.sort(key=lambda known: (-known[0], known[1]))
    left = len(found) - MAX_FILES
    notes = [f"This folder has {len(found)} pages; I read the newest {MAX_FILES}."] if left > 0 else []
    return [file for _, _, file in sorted(found[:MAX_FILES], key=lambda known: known[1])], notes


def _known(root: Path, path: Path) -> tuple[int, str, _File] | None:
    """Return what is known of a page's file; None for other files, for devices, and for links that leave the folder."""
    if path.suffix.lower() not in ENDINGS:
        return None
    try:
        real = path.resolve(strict=True)
        about = real.stat()
    except (OSError, RuntimeError):
        return None
    if not stat.S_ISREG(about.st_mode) or not real.is_relative_to(root):
        return None
    told = f"{path.name}\0{about.st_mtime_ns}\0{about.st_size}".encode("utf-8", "surrogateescape")
    return about.st_mtime_ns, path.name, _File(path, hashlib.sha256(told).hexdigest()[:_MARK])


async def _read(folder: Path, file: _File) -> Item:
    page = await read_path(file.path)
    if page.story.url is None:
        # Two folders may hold files of one name. The path itself is nobody's business.
        where = hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]
        name = clean_line(os.fsencode(file.path.name).decode("utf-8", "replace"))
        page = replace(page, story=replace(page.story, native_id=name, origin=f"folder-{where}"))
    return Item(page)


def _marks(cursor: Cursor) -> set[str]:
    text = cursor.get("files", "")
    return {text[start : start + _MARK] for start in range(0, len(text), _MARK)}


def _few(notes: list[str]) -> tuple[str, ...]:
    more = len(notes) - _MAX_NOTES
    return (*notes[:_MAX_NOTES], f"{more} more files hold no story.") if more > 0 else tuple(notes)
