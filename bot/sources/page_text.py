"""A saved page that was dumped as plain text: its title, its story and its flat list of comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from bot.errors import NotAStory
from bot.markdown import clean_line, excerpt, from_text
from bot.model import Story, StoryPage
from bot.sources.page_bullets import find_comments
from bot.sources.page_dates import word_date
from bot.sources.sites import Site, recognise
from bot.urls import safe_link

SUMMARY_LIMIT = 350
TITLE_LIMIT = 300

_MORE = re.compile(r"(?m)^\s*[(\[]more\s*(?:…|\.\.\.)[)\]]\s*$", re.IGNORECASE)
_COMMENTS_HEAD = re.compile(
    r"(?:\d+\s+)?(?:comments?|responses?|replies)(?:\s*\(\d+\))?:?|leave a (?:reply|comment)", re.IGNORECASE
)
_BYLINE = re.compile(r"by\s+(\S.{0,78}\S)", re.IGNORECASE)
_ENDINGS = re.compile(
    r"(?:read (?:the |more|on)|continue reading|follow (?:us|me)\b|subscribe\b|sign up\b|share (?:this|on)\b"
    r"|like this:?$|for (?:all )?(?:the latest|more)\b|please follow\b|related(?: posts| stories)?:?$|filed under\b"
    r"|posted in\b|tags?:|tagged\b|advertisement|support us\b|(?:about|source)\s*:|\d+ comments?$|comments?$)",
    re.IGNORECASE,
)


def parse_text(text: str, *, url: str | None = None, name: str | None = None) -> StoryPage:
    """Return the story of a text dump; comments get no keys and no parents, as such a text names neither."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ").expandtabs(4)
    article, comments, whole = find_comments(text.split("\n"))
    if _MORE.search("\n".join(article)):
        raise NotAStory("This looks like a list of several stories, not like the page of one.")
    site = recognise(text, url)
    story = _story(_paragraphs(article, site), site, url)
    if not story.title:
        story = _untitled(story, name, url, bool(comments))
    if not story.body and not comments:
        raise NotAStory("This text has a title at most, but no story.")
    return StoryPage(story, comments, complete=whole)


def title_from_name(name: str) -> str:
    """Make a title of a file name or address: date and endings off, hyphens and underlines as blanks."""
    stem = PurePath(unquote(urlsplit(name).path)).name.split(".")[0]
    words = re.sub(r"[-_\s]+", " ", re.sub(r"^\d{4}-\d{2}-\d{2}[-_ ]?", "", stem)).strip()
    return clean_line(words[:1].upper() + words[1:])[:TITLE_LIMIT]


def _untitled(story: Story, name: str | None, url: str | None, has_comments: bool) -> Story:
    title = next((made for part in (name, url) if part and (made := title_from_name(part))), "")
    if not title and has_comments:
        raise NotAStory("This text holds comments but no story; a file name or an address must tell its title.")
    if not title:
        raise NotAStory("This page has no text that could be a story.")
    return Story(title=title, url=safe_link(url), site=story.site, body=story.body, summary=story.summary)


def _paragraphs(lines: Sequence[str], site: Site | None) -> list[str]:
    """Return the article's paragraphs without known boilerplate, nor what follows a "Leave a Reply"."""
    known = site.boilerplate if site else frozenset[str]()
    kept = ["" if line.strip() in known else line.strip() for line in lines]
    for number, line in enumerate(kept):
        if number and re.fullmatch(r"leave a (?:reply|comment)", line, re.IGNORECASE):
            kept = kept[:number]
            break
    paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", "\n".join(kept)) if part.strip()]
    return _without_endings(paragraphs)


def _without_endings(paragraphs: list[str]) -> list[str]:
    """Drop short closing paragraphs that every page of a site repeats, and repetitions of what was said before."""
    kept = list(paragraphs)
    while len(kept) > 1 and len(kept[-1]) <= 200 and (_ENDINGS.match(kept[-1]) or kept[-1] in kept[:-1]):
        kept.pop()
    return kept


def _story(paragraphs: list[str], site: Site | None, url: str | None) -> Story:
    title, rest = _take_title(paragraphs)
    author, published, rest = _take_byline(rest)
    rest = _without_captions([part for part in rest if not _COMMENTS_HEAD.fullmatch(part)])
    body = from_text("\n\n".join(rest))
    return Story(
        title=title,
        url=safe_link(url),
        author=author,
        site=site.name if site else None,
        body=body,
        summary=excerpt(body, SUMMARY_LIMIT),
        published_at=published,
    )


def _take_title(paragraphs: list[str]) -> tuple[str, list[str]]:
    if not paragraphs:
        return "", []
    first, _, more = paragraphs[0].partition("\n")
    title = clean_line(first)
    if len(title) > TITLE_LIMIT:  # a text without a title: its first words name it, and nothing of it is lost
        return title[: TITLE_LIMIT // 3].rsplit(" ", 1)[0] + "…", paragraphs
    return title, [more, *paragraphs[1:]] if more else paragraphs[1:]


def _take_byline(paragraphs: list[str]) -> tuple[str | None, datetime | None, list[str]]:
    """Take "By Name", a site and a date from the top, and the "Filed under" line of the theme."""
    if not paragraphs:
        return None, None, []
    lines = paragraphs[0].split("\n")
    match = _BYLINE.fullmatch(lines[0])
    if match is None or len(lines) > 6 or any(len(line) > 100 for line in lines):
        return None, None, paragraphs
    return clean_line(match[1]), word_date(paragraphs[0]), paragraphs[1:]


def _without_captions(paragraphs: list[str]) -> list[str]:
    """Leave out captions at the top, which such dumps print twice: their picture is not here."""
    lines = "\n".join(paragraphs[:2]).split("\n")
    if len(lines) >= 2 and lines[0] == lines[1] and len(lines[0]) < 400:
        doubled = lines[0]
        return [part for part in paragraphs if set(part.split("\n")) != {doubled}]
    return paragraphs
