"""Hostile text becomes a bounded list of words, once and in linear time."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

TITLE, LEDE, BODY = "title", "lede", "body"
# How many characters of each field are read; a story says what it is about at its beginning.
LIMITS = {TITLE: 400, LEDE: 1500, BODY: 1000}
LONGEST_WORD = 40

_TAG = re.compile(r"<[^<>]{0,300}>")
_CURRENCY = re.compile(r"\b(?:US|CA|AU|NZ|HK)\$")  # "US$545 million" names no party
_TOKEN = re.compile(
    r"(?P<dotted>(?<!\w)(?:[^\W\d_]\.){2,}(?:[^\W\d_](?!\w))?)"
    r"|(?P<word>[^\W_]+)"
    r"|(?P<comma>[,/])"
    r"|(?P<possessive>['’ʼ]s\b)"
    r"|(?P<end>[.!?…;]+(?=\s|$|[\"'”’)])|:(?=\s)|[|•]|\s[–—-]{1,2}\s)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word: folded for comparison, whether it stood in capitals and after a comma. An empty word ends a clause."""

    text: str
    capitals: bool = False
    after_comma: bool = False


END = Word("")
# A full stop after these, or after one letter, ends no sentence: "S. Korea", "Nov. 10", "EE. UU.".
_SHORT = frozenset(
    (
        "gen", "sen", "rep", "gov", "mr", "mrs", "ms", "dr", "prof", "inc", "corp", "co", "ltd", "st",
        "vs", "no", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sept", "sep", "oct", "nov", "dec",
        "ee", "uu", "mio", "mrd", "bzw", "млн", "млрд", "тыс",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """A title, or one sentence of the lede or the body."""

    field: str
    words: tuple[Word, ...]


def fold(text: str) -> str:
    """Return the text without case, accents and compatibility forms; "Türkiye" and "turkiye" are one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn").casefold()


def words(text: str) -> list[Word]:
    """Split a text; "U.S." is the word "us" in capitals, "Chang'e" is two words, "ESA's" is one."""
    found, comma = list[Word](), False
    for match in _TOKEN.finditer(unicodedata.normalize("NFC", text)):
        if match.lastgroup == "end":
            if not (match[0] == "." and found and _is_short(found[-1].text)):
                found.append(END)
        elif match.lastgroup in ("word", "dotted"):
            raw = match[0].replace(".", "")[:LONGEST_WORD]
            folded = fold(raw)
            if folded:
                found.append(Word(folded, raw.isupper(), comma))
        comma = match.lastgroup == "comma"
    return found


def _is_short(word: str) -> bool:
    return len(word) == 1 or word in _SHORT


def passages(title: str, lede: str = "", body: str = "") -> list[Passage]:
    """Return the title as one passage, then the sentences of the lede, or of the body's beginning where there is none.

    At most ``LIMITS`` characters are read of each. A whole body mentions too many things in passing.
    """
    found = list[Passage]()
    for field, text in ((TITLE, title), (LEDE, lede), (BODY, "" if lede.strip() else body)):
        plain = _CURRENCY.sub("$", _TAG.sub(" ", html.unescape(text[: LIMITS[field]])))
        all_words = words(plain)
        if field == TITLE:
            found.append(Passage(TITLE, tuple(all_words)))
        else:
            found += _sentences(field, all_words)
    return found


def _sentences(field: str, all_words: list[Word]) -> list[Passage]:
    found, current = list[Passage](), list[Word]()
    for word in [*all_words, END]:
        if word is not END:
            current.append(word)
        elif current:
            found.append(Passage(field, tuple(current)))
            current = []
    return found
