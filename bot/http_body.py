"""A body read to its end or not at all: unpacked piece by piece, never past the limit, never silently short."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import aiohttp
import brotli  # type: ignore[import-untyped]

ENCODINGS = "gzip, deflate, br"

_CHUNK = 65_536
_PIECE = 262_144
_MAX_MEMBERS = 64


class BodyError(ValueError):
    """A body cannot be used; ``str()`` says why in a few words for the operator."""


async def read(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Return the whole body, decompressed; ``limit`` counts bytes before and after that.

    Raises ``BodyError`` for a body that is too long, cut short, damaged or packed in a way that was not asked for.
    """
    if (answer.content_length or 0) > limit:
        raise BodyError("too long")
    unpacker = _unpacker(answer.headers.getall("Content-Encoding", []))
    body = bytearray()
    received = 0
    async for chunk in answer.content.iter_chunked(_CHUNK):
        received += len(chunk)
        for piece in unpacker.feed(chunk):
            body += piece
            if len(body) > limit:
                raise BodyError("too long")
        if received > limit:  # what unpacks to nothing still costs traffic
            raise BodyError("too long")
    if not unpacker.complete:  # aiohttp itself takes a cut gzip of the announced length for a whole one
        raise BodyError("cut short")
    return bytes(body)


class _Unpacker(Protocol):
    @property
    def complete(self) -> bool:
        """Whether the end mark was seen, as far as the packing has one."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give what a chunk unpacks to, in pieces of bounded size; raises ``BodyError``."""


def _unpacker(encodings: list[str]) -> _Unpacker:
    match ", ".join(encodings).strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
    raise BodyError("packed in a way that was not asked for")


class _Plain:
    complete = True  # Content-Length and chunks are aiohttp's to check

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk


class _Gzip:
    """RFC 1952: one member or several, zero bytes allowed behind them, as Python's and Go's readers have it."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._begun = False
        self._members = 1

    @property
    def complete(self) -> bool:
        return self._inflate.eof or not self._begun

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._inflate.eof and not self._next_member(chunk := chunk.lstrip(b"\0")):
                return
            self._begun = True
            yield from _inflated(self._inflate, chunk)
            chunk = self._inflate.unused_data

    def _next_member(self, chunk: bytes) -> bool:
        if not chunk:
            return False
        if self._members == _MAX_MEMBERS:  # 400,000 empty ones would fit under the limit
            raise BodyError("damaged")
        self._members += 1
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return True


class _Deflate:
    """RFC 9110's "deflate" is zlib's format; some servers leave out its header."""

    def __init__(self) -> None:
        self._inflate: zlib._Decompress | None = None

    @property
    def complete(self) -> bool:
        return self._inflate is None or self._inflate.eof

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if not chunk:
            return
        if self._inflate is None:
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        yield from _inflated(self._inflate, chunk)
        if self._inflate.unused_data:
            raise BodyError("damaged")


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()
        self._begun = False

    @property
    def complete(self) -> bool:
        return not self._begun or bool(self._decompressor.is_finished())

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk or not self._decompressor.can_accept_more_data():
                self._begun = True
                yield self._decompressor.process(chunk, output_buffer_limit=_PIECE)
                chunk = b""
        except brotli.error as error:
            raise BodyError("damaged") from error


def _inflated(inflate: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    try:
        while chunk and not inflate.eof:
            yield inflate.decompress(chunk, _PIECE)
            chunk = inflate.unconsumed_tail
    except zlib.error as error:
        raise BodyError("damaged") from error
