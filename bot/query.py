"""What a member searches for: typed words as terms, a time as they say it, and the words marked in a text. Pure."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from bot import markdown
from bot.errors import NotFound
from bot.words import say

MOST_WORDS = 16
# Letters before a star: the index knows beginnings of four; of shorter ones it would look through half of all words.
LEAST_PREFIX = 4
LOOKED_THROUGH = 20_000  # characters of a text in which a snippet is looked for
_USUAL_LENGTH = 400  # characters of a comment
_WEIGHED = 2000
_COMPARED = 100  # so many places of the words are looked at

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_PIECE = re.compile(r'"([^"]*)("?)(\*?)|([^\s"]+)')
_WORD = re.compile(r"[^\W_]+")
_SPAN = re.compile(r"(\d{1,4}) ?(h|d|w|m|y|hours?|days?|weeks?|months?|years?)(?: ago)?")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}
_NAMED = {"yesterday": "1 day", "last week": "1 week", "last month": "1 month", "last year": "1 year"}
_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
_OPEN, _CLOSE = "\ue000", "\ue001"  # stand for the marks while the text between them is escaped


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; ``prefix``: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False


def parse(text: str) -> tuple[Term, ...]:
    """Return what a member typed as terms that must all occur: words, "phrases", and beginnings with a star.

    Nothing else has a meaning. Words after the sixteenth are left out. Raises ``NotFound`` where there is no word.
    """
    terms: list[Term] = []
    room = MOST_WORDS
    for match in _PIECE.finditer(unicodedata.normalize("NFC", text.translate(_QUOTES))):
        piece = match[4] or match[1]
        words = tuple(_WORD.findall(piece))[:room]
        if words:
            star = piece.endswith("*") or bool(match[3])
            terms.append(Term(words, star and len(words[-1]) >= LEAST_PREFIX))
        room -= len(words)
        if room <= 0:
            break
    if not terms:
        raise NotFound(say("search.no_words"))
    return tuple(terms)


def typed(text: str) -> tuple[Term, ...]:
    """Return what is typed so far as terms, of which the last may go on; () where there is no word yet."""
    try:
        *first, last = parse(text)
    except NotFound:
        return ()
    return (*first, Term(last.words, prefix=True))


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time that a member means by "7d", "2 weeks ago", "last month", "today" or "2026-01-31", in UTC.

    Raises ``NotFound`` with examples for anything else and for the future.
    """
    given = " ".join(text.casefold().split())
    found = now.replace(hour=0, minute=0, second=0, microsecond=0) if given == "today" else None
    if found is None and (span := _SPAN.fullmatch(_NAMED.get(given, given))):
        hours = int(span[1]) * _HOURS[span[2][0]]
        found = now - timedelta(hours=hours) if now - _EARLIEST > timedelta(hours=hours) else None
    if found is None and (day := _DAY.fullmatch(given)):
        found = _day(int(day[1]), int(day[2] or 1), int(day[3] or 1))
    if found is None or found > now:
        raise NotFound(say("search.since_unclear", text=markdown.escape(text[:50]) or "?"))
    return found


def weigh(author: str, body: str, patterns: Sequence[re.Pattern[str]]) -> float:
    """Return how well a comment fits: each term counts the more the oftener it occurs, less in a long text.

    That is BM25 without the rarity of words, which all fitting comments share; a name counts twice.
    """
    author, body = _folded(author), _folded(body[:_WEIGHED])
    saturation = 0.3 + 0.9 * len(body) / _USUAL_LENGTH
    total = 0.0
    for pattern in patterns:
        times = len(pattern.findall(body)) + 2 * len(pattern.findall(author))
        total += times / (times + saturation)
    return total


def fits(text: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Tell whether a text, as short as a title, has all of the terms."""
    folded = _folded(text)
    return all(pattern.search(folded) for pattern in patterns)


def patterns_of(terms: Sequence[Term]) -> list[re.Pattern[str]]:
    """Return for each term what finds it in folded text, as the index does: whole words, in any spelling of accents."""
    return [_pattern([term]) for term in terms]


def snippet(text: str, terms: Sequence[Term], limit: int = 200) -> str | None:
    """Return the part of a Markdown text where most of the terms stand, as one escaped line with them in bold.

    Where none of them stands in it, that is None. ``limit`` counts the characters shown, without marks and escapes.
    """
    text = text[:LOOKED_THROUGH]
    pattern = _pattern(terms)
    found = [match.span() for match in islice(pattern.finditer(_folded(text)), _COMPARED)]
    if not found:
        return None
    # Only what is near is made plain: an article may be long.
    near = _nest(text, found, limit)
    start = text.rfind(" ", 0, max(0, near[0] - 2 * limit)) + 1
    plain = " ".join(markdown.plain(text[start : near[1] + 6 * limit]).split())
    plain = plain.replace(_OPEN, "").replace(_CLOSE, "")
    spans = [match.span() for match in islice(pattern.finditer(_folded(plain)), _COMPARED)]
    if not spans:
        return None
    begin, end = _window(plain, spans, limit)
    marked = _marked(plain, [(a, b) for a, b in spans if begin <= a and b <= end], begin, end)
    shown = markdown.escape(marked).replace(_OPEN, "**").replace(_CLOSE, "**")
    return f"{'… ' if begin or start else ''}{shown}{' …' if end < len(plain) else ''}"


def beginning(text: str, limit: int = 200) -> str:
    """Return how a Markdown text begins, as one escaped line; "" where it is empty."""
    plain = " ".join(markdown.plain(text[: 6 * limit]).split())
    end = len(plain) if len(plain) <= limit else max(plain.rfind(" ", 0, limit), limit // 2)
    return markdown.escape(plain[:end]) + (" …" if end < len(plain) else "")


def _day(year: int, month: int, day: int) -> datetime | None:
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    return datetime(year, month, day, tzinfo=UTC)


def _pattern(terms: Sequence[Term]) -> re.Pattern[str]:
    """Match any of the terms in folded text: whole words, with anything but words between those of a phrase."""
    return re.compile("|".join(map(_expression, terms)))


def _expression(term: Term) -> str:
    # It begins with the letters themselves, which are looked for much faster than a place where a word may begin.
    first, *rest = (re.escape(_folded(word)) for word in term.words)
    begun = rf"{first}(?<![^\W_]{first})"
    return r"[\W_]+".join((begun, *rest)) + (r"[^\W_]*" if term.prefix else r"(?![^\W_])")


def _nest(text: str, spans: Sequence[tuple[int, int]], limit: int) -> tuple[int, int]:
    """Return from where to where the most different of the spans stand within about ``limit`` characters."""
    best, most = spans[0], 0
    for first, (begin, end) in enumerate(spans):
        inside = [span for span in spans[first : first + 20] if span[1] <= begin + limit]
        different = len({text[a:b].casefold() for a, b in inside})
        if different > most:
            best, most = (begin, max(end, inside[-1][1])), different
    return best


def _window(plain: str, spans: Sequence[tuple[int, int]], limit: int) -> tuple[int, int]:
    """Return a stretch of about ``limit`` characters around most of the spans, cut between words."""
    first, last = _nest(plain, spans, limit)
    begin = max(0, first - max(0, limit - (last - first)) // 3)
    end = min(len(plain), begin + max(limit, last - begin))
    if begin and (space := plain.find(" ", begin, first)) >= 0:
        begin = space + 1
    if end < len(plain) and (space := plain.rfind(" ", last, end)) >= 0:
        end = space
    return begin, end


def _marked(plain: str, spans: Sequence[tuple[int, int]], begin: int, end: int) -> str:
    parts, at = [], begin
    for a, b in spans:
        parts += [plain[at:a], _OPEN, plain[a:b], _CLOSE]
        at = b
    return "".join([*parts, plain[at:end]])


class _Folds(dict[int, str]):
    """Each character without its case and accents, as one character, so that places in the text stay the same."""

    def __missing__(self, code: int) -> str:
        bare = unicodedata.normalize("NFD", chr(code))[0].lower()
        self[code] = folded = bare if len(bare) == 1 else chr(code)
        return folded


_FOLDS = _Folds()


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_FOLDS)
