"""A folder of saved pages: new and changed files, and what must not be read."""

from __future__ import annotations

import os

import pytest

from bot.errors import SourceError
from bot.sources.base import Document, NotThisKind
from bot.sources.folder import MAX_FILES, Folder, address_of, path_of

FOLDER = Folder()
STORY = """{title}

The story of {title} has a body that says what happened.

  • Ann

    One comment.
"""


def put(path, title="One", text=STORY):
    path.write_text(text.format(title=title), encoding="utf-8")
    return path


async def read(folder, cursor=None):
    return await FOLDER.read(None, address_of(folder), cursor or {})


@pytest.mark.asyncio
async def test_new_files_are_new_stories_and_changed_ones_are_read_again(tmp_path):
    put(tmp_path / "a.txt", "One")
    put(tmp_path / "b.txt", "Two")
    first = await read(tmp_path)
    assert [item.page.story.title for item in first.items] == ["One", "Two"]
    assert [len(item.page.comments) for item in first.items] == [1, 1]
    assert (first.name, first.notes, first.items[0].threads) == (tmp_path.name, (), ())

    same = await read(tmp_path, first.cursor)
    assert (same.unchanged, same.cursor, same.items) == (True, first.cursor, ())

    put(tmp_path / "c.txt", "Three")
    put(tmp_path / "a.txt", "One, longer")
    second = await read(tmp_path, first.cursor)
    assert [item.page.story.title for item in second.items] == ["One, longer", "Three"]
    changed, before = second.items[0].page.story, first.items[0].page.story
    assert (changed.native_id, changed.origin) == (before.native_id, before.origin) == ("a.txt", before.origin)

    (tmp_path / "b.txt").unlink()
    assert (await read(tmp_path, second.cursor)).items == ()


@pytest.mark.asyncio
async def test_two_folders_may_hold_files_of_one_name(tmp_path):
    origins = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        put(tmp_path / name / "a.txt")
        origins.add((await read(tmp_path / name)).items[0].page.story.origin)
    assert len(origins) == 2
    assert not any(str(tmp_path) in origin for origin in origins)


@pytest.mark.asyncio
async def test_a_page_that_tells_its_address_keeps_it(tmp_path):
    (tmp_path / "a.html").write_text(
        "<html><title>T</title><link rel=canonical href='https://news.example/a'><article><p>A story.</p></article>"
    )
    story = (await read(tmp_path)).items[0].page.story
    assert (story.url, story.native_id, story.origin) == ("https://news.example/a", None, None)


@pytest.mark.asyncio
async def test_the_saved_pages_of_the_samples(samples):
    found = await read(samples / "parabolicarc")
    titles = {item.page.story.title for item in found.items}
    assert len(found.items) == 5
    assert any("Russia" in title for title in titles)
    assert [note for note in found.notes if note.startswith("tag_lynx.LISTING")] == list(found.notes)


@pytest.mark.asyncio
async def test_a_file_without_a_story_gives_a_note_and_other_files_are_left_alone(tmp_path):
    put(tmp_path / "a.txt")
    (tmp_path / "empty.html").write_bytes(b"")
    (tmp_path / "feed.htm").write_bytes(b"<rss/>")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "inner.txt").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")  # opening it would wait for ever
    found = await read(tmp_path)
    assert len(found.items) == 1
    assert found.notes == ("empty.html: This page is empty.", found.notes[1])
    assert found.notes[1].startswith("feed.htm: This looks like a feed")
    assert (await read(tmp_path, found.cursor)).unchanged


@pytest.mark.asyncio
async def test_no_link_leads_out_of_the_folder(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    put(tmp_path / "secret.txt", "Secret")
    put(folder / "a.txt", "Open")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "within.html").symlink_to(folder / "a.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "gone.txt").symlink_to(folder / "nothing.txt")
    assert {item.page.story.title for item in (await read(folder)).items} == {"Open"}


@pytest.mark.asyncio
async def test_many_files_and_many_notes_stay_few(tmp_path):
    for number in range(MAX_FILES + 3):
        path = tmp_path / f"{number:04}.txt"
        path.write_bytes(b"")
        os.utime(path, (number, number))
    put(tmp_path / "newest.txt", "Newest")
    found = await read(tmp_path)
    assert [item.page.story.title for item in found.items] == ["Newest"]
    assert found.notes[0] == f"This folder has {MAX_FILES + 4} pages; I read the newest {MAX_FILES}."
    assert len(found.notes) == 11


@pytest.mark.asyncio
async def test_names_of_any_bytes(tmp_path):
    put(tmp_path / os.fsdecode(b"a\xff\n.txt"))
    story = (await read(tmp_path)).items[0].page.story
    assert story.native_id == "a\ufffd .txt"


@pytest.mark.parametrize("address", ["folder:pages", "folder:", "/srv/pages", "https://site.example/", "folder:/a\0b"])
def test_other_addresses_are_refused(address):
    with pytest.raises(SourceError, match="whole path"):
        path_of(address)


@pytest.mark.asyncio
async def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        await FOLDER.read(None, f"folder:{tmp_path}/none", {})
    with pytest.raises(SourceError, match="no folder named"):
        address_of(tmp_path / "none")
    with pytest.raises(SourceError, match="is not a folder"):
        address_of(put(tmp_path / "a.txt"))


@pytest.mark.asyncio
async def test_nothing_from_a_site_names_a_folder():
    assert await FOLDER.find(None, Document(b"folder:/etc", "https://site.example/")) is None
    with pytest.raises(NotThisKind):
        await FOLDER.parse(Document(b"x"))
    with pytest.raises(SourceError, match="come with the pages"):
        await FOLDER.discuss(None, "folder:/srv", {})
