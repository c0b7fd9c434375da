"""Bytes of unknown kind as text: the character set is found or mended, and what is no page is named. Pure."""

from __future__ import annotations

import codecs
import re

import chardet

from bot.errors import NotAStory

MAX_BYTES = 8 * 2**20
_LOOKED_AT = 65_536  # bytes that are looked at to tell a character set
_LIKELY = 0.2  # below this a guess is no better than the web's most frequent one

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"RIFF": "a media file",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"SQLite format 3": "a database",
}
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|article|main|h1|div|p)\b", re.IGNORECASE)
_WHOLE_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
_FEED = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE | re.DOTALL)
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def decode(data: bytes, content_type: str | None = None) -> str:
    """Return the page as text; raise NotAStory where it is empty, too large or no text at all."""
    if len(data) > MAX_BYTES:
        raise NotAStory("This page is larger than 8 MiB, which no story is.")
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise NotAStory(f"This looks like {kind}, not like the page of a story.")
    text = _decode(data, _charset(content_type)).removeprefix("\ufeff")
    if not text.strip():
        raise NotAStory("This page is empty.")
    sample = text[:65_536]
    if len(_CONTROLS.findall(sample)) * 100 > len(sample):
        raise NotAStory("This looks like a binary file, not like the page of a story.")
    _refuse_data(sample)
    return text


def charset_text(data: bytes, content_type: str | None = None) -> str:
    """Return bytes as text by header, byte order mark, declaration, then detection; broken characters are replaced."""
    return _decode(data, _charset(content_type))


def is_html(text: str, content_type: str | None = None) -> bool:
    """Say whether the text is HTML rather than plain text."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if _WHOLE_HTML.match(text):
        return True
    return kind != "text/plain" and _HTML.search(text[:4096]) is not None


def _refuse_data(text: str) -> None:
    if _FEED.match(text):
        raise NotAStory("This looks like a feed, not like the page of one story.")
    if re.match(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]])", text):
        raise NotAStory("This looks like JSON data, not like the page of a story.")


def _charset(content_type: str | None) -> str | None:
    match = _CHARSET.search(content_type or "")
    return match[1].lower() if match else None


def _decode(data: bytes, declared: str | None) -> str:
    """Believe a byte order mark, then bytes that can only be UTF-8, then what is declared, then what it looks like."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    meta = _META.search(data[:4096])
    names = [name for name in (declared, meta[1].decode("ascii", "replace").lower() if meta else None) if name]
    stateful = [name for name in names if name.startswith(("iso-2022", "hz"))]  # these look like plain ASCII
    wide = [name for name in names if name.startswith(("utf-16", "utf-32", "utf16", "ucs-2"))]
    if wide and data[:4096].count(0) * 5 > len(data[:4096]):
        names = ["utf-16-be" if data[:1] == b"\0" else "utf-16-le"]
        stateful = names
    elif wide:
        names = [name for name in names if name not in wide]  # a label that the bytes belie
    for name in (*stateful, "utf-8", *names):
        try:
            return _text(data, name)
        except (LookupError, ValueError):
            continue
    mended = data.decode("utf-8", "replace")  # UTF-8 with a few broken bytes, or cut inside its last character
    broken = mended.count("\ufffd")
    foreign = len(mended) - len(mended.encode("ascii", "ignore")) - broken
    return mended if foreign > broken else _detected(data)


def _detected(data: bytes) -> str:
    """Return text whose character set nobody names: as it looks most likely, else as Windows' Latin."""
    found = chardet.detect(data[:_LOOKED_AT])
    if found["encoding"] and (found["confidence"] or 0) >= _LIKELY:
        try:
            return _text(data, found["encoding"])
        except (LookupError, ValueError):
            pass
    return data.decode("cp1252", "replace")


def _text(data: bytes, name: str) -> str:
    codec = codecs.lookup(name)
    # Python knows codecs that no page means. Browsers read latin-1 as cp1252.
    if codec.name in ("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"):
        raise LookupError(name)
    return data.decode("cp1252" if codec.name in ("iso8859-1", "ascii") else codec.name)
