"""Addresses as text: equality keys, what may be shown, and what may be fetched. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from bot.addresses import is_literal, is_loopback, is_public
from bot.errors import FetchError

MAX_LENGTH = 2048
UNREADABLE = "could not read that address: it did not answer with a public page"
NO_ADDRESS = "that is no address: paste one that begins with https://"

_TRACKING = re.compile(
    r"(?:utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|_hs\w+|mc_[ce]id|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|yclid|msclkid|twclid"
    r"|igshid|igsh|ttclid|li_fat_id|ref_src|ref_url|cmpid|ncid|ocid|s_cid|spm|smid|_ga|_gl|amp)(?:=.*)?|output(?:type)?=amp",
    re.IGNORECASE,
)
_GOOGLE_AMP = re.compile(r"https?://(?:www\.)?google\.[a-z.]{2,6}/amp/(?:s/)?(.+)", re.IGNORECASE)
_AMP_CACHE = re.compile(r"https?://[\w-]+\.cdn\.ampproject\.org/[a-z]/(?:s/)?(.+)", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?")
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"))
_HIDDEN = _UNSEEN | {"Zs"}
# Kept as they are; the rest is percent-encoded, above all what Discord's Markdown reads: < > ( ) * | ` \ and blanks.
_KEEP = "%/:=&?~#+!$,;'@_-."


def canonical(url: str) -> str:
    """Return a key that is equal for two addresses of one page; a key is for comparing, never for showing."""
    url = url.strip()
    for wrapper in (_GOOGLE_AMP, _AMP_CACHE):
        if match := wrapper.fullmatch(url):
            url = "https://" + match[1]
    parts = _parts(url)
    if parts is None:
        return url
    host = _ascii_host(parts.hostname or "") or (parts.hostname or "")
    host = re.sub(r"^(?:www|amp|m|mobile)\.(?=[^.]+\.)", "", host.rstrip("."))
    port = _port(parts)
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    kept = sorted(_spelt(pair) for pair in parts.query.split("&") if pair and not _TRACKING.fullmatch(pair))
    path = re.sub(r"/{2,}", "/", _spelt(parts.path))
    path = re.sub(r"^/amp(?=/.)|(?:/amp|/amp\.html|\.amp|\.amp\.html)/?$", "", path, flags=re.IGNORECASE)
    return urlunsplit(("https", host, path.rstrip("/") or "/", "&".join(kept), ""))


def site_of(url: str | None) -> str | None:
    """Return the host of an address, with its port where it is none of the usual ones and without ``www.``."""
    if not url or not is_http(url.strip()):
        return None
    return canonical(url).split("/", 3)[2].removeprefix("www.")


def is_http(url: str) -> bool:
    """Say whether an address may be shown: http(s), a plain ASCII host, no user, no hidden character, <= 2,048."""
    if len(url) > MAX_LENGTH or any(unicodedata.category(char) in _HIDDEN for char in url):
        return False
    parts = _parts(url)
    return parts is not None and (_HOST.fullmatch((parts.hostname or "").lower()) is not None)


def safe_link(url: str | None) -> str | None:
    """Return an address fit to stand in Discord Markdown (host in punycode, marks percent-encoded), else None."""
    url = (url or "").strip()
    return _safe_link(url) if len(url) <= MAX_LENGTH else None


@lru_cache(maxsize=1024)  # each comment of a story asks for the story's again
def _safe_link(url: str) -> str | None:
    parts = _parts(url)
    host = _ascii_host(parts.hostname or "") if parts else None
    if parts is None or host is None or any(unicodedata.category(char) in _UNSEEN for char in url):
        return None
    port = _port(parts)
    shown = urlunsplit((
        parts.scheme.lower(),
        host if port is None else f"{host}:{port}",
        _encode(parts.path),
        _encode(parts.query),
        _encode(parts.fragment),
    ))  # fmt: skip
    return shown if is_http(shown) else None


def jump_link(guild_id: int, place_id: int, message_id: int) -> str:
    """Return the address of a message on Discord; ``place_id`` is the channel or thread that it stands in."""
    return f"https://discord.com/channels/{guild_id}/{place_id}/{message_id}"


def host_and_path(url: str) -> str:
    """Return what of an address may stand in a log: private feeds keep their tokens in the query, or as a user."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no address)"
    return parts.netloc.rpartition("@")[2] + parts.path


def require_address(text: str) -> None:
    """Raise FetchError for what a person typed that is no address at all, so that nothing is asked for it."""
    text = text.strip().removeprefix("<").removesuffix(">").strip()
    if not text or any(char.isspace() for char in text) or not any(mark in text for mark in ".:"):
        raise FetchError(NO_ADDRESS, detail="not an address")


def check_fetchable(url: str, *, loopback_ports: frozenset[int] = frozenset(), private: bool = False) -> None:
    """Raise FetchError unless the address may be requested: http(s), no user, port 80 or 443, a public host.

    ``loopback_ports`` are the ports of 127.0.0.1 that may be read besides (the example site and the tests);
    ``private`` allows every host and port, for the forums of the operator's own network.
    """
    parts = _parts(url) if len(url) <= MAX_LENGTH and url.isprintable() else None
    host = (parts.hostname or "") if parts else ""
    port = _port(parts) if parts else None
    if parts and (private or (port in loopback_ports and is_loopback(host))):
        return
    if parts is None or port not in (None, 80, 443) or not _fetchable_host(host):
        raise FetchError(UNREADABLE, detail="not a public address")


def _fetchable_host(host: str) -> bool:
    if is_literal(host):
        return is_public(host)
    name = (_ascii_host(host) or "").rstrip(".")
    # Short names and these endings are of a local network; all-numeric last labels are odd spellings of addresses.
    local = name in ("", "localhost") or name.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))
    last = name.rpartition(".")[2]
    return not local and "." in name and re.fullmatch(r"0x[0-9a-f]*|\d+", last) is None


def _parts(url: str) -> SplitResult | None:
    """Split an http(s) address that names a host and no user; None for any other."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc or "\\" in parts.netloc:
        return None
    return parts if port != 0 else None


def _port(parts: SplitResult) -> int | None:
    default = 443 if parts.scheme.lower() == "https" else 80
    return None if parts.port == default else parts.port


def _ascii_host(host: str) -> str | None:
    """Return the host in lower case and punycode; None where it is no host name."""
    if len(host) > 253:
        return None
    try:
        plain = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return plain if _HOST.fullmatch(plain) else None


def _spelt(text: str) -> str:
    """Return a part of an address with each character spelt one way: encoded where it must be, in capitals."""
    plain = re.sub(r"%([0-9a-f]{2})", _decoded, text, flags=re.IGNORECASE)
    return quote(plain, safe="%/:=&?~#+!$,;'@_-.()*[]|")


def _decoded(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char.isascii() and (char.isalnum() or char in "-._~") else match[0].upper()


def _encode(text: str) -> str:
    """Percent-encode what is not plain; doubled marks too, as they act even inside words."""
    text = quote(text, safe=_KEEP)
    return text.replace("__", "%5F%5F").replace("~~", "%7E%7E")
