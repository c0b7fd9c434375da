"""Bodies that lie about their size: every one is read whole within the limit, or refused."""

import gzip
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import brotli
import pytest

from bot.errors import FetchError
from bot.http import MAX_BYTES, Web
from bot.urls import UNREADABLE
from tests.web_server import cut, endless, page, raw, serve

pytestmark = pytest.mark.asyncio

TEXT = bytes(range(256)) * 200
MIB = 2**20


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "Deflate ": bare_deflate,
    "br": brotli.compress, "identity": bytes,
}  # fmt: skip
PACKED = {name: pack for name, pack in PACKERS.items() if name != "identity"}


async def get(act, **options):
    async with serve(act) as server, Web.open(allow_loopback_ports={server.port}) as web:
        return await web.get(server.url(), **options)


async def refusal(act, **options):
    with pytest.raises(FetchError) as caught:
        await get(act, **options)
    assert str(caught.value) == UNREADABLE
    return caught.value.detail


def chunked(*chunks, end=b"0\r\n\r\n", headers=b""):
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return raw(
        b"HTTP/1.1 200 OK\r\n" + headers + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body + end
    )


def gzip_bomb(mebibytes):
    """Return a valid gzip of so many MiB of zeros; made at once, as a full flush lets its pieces repeat."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packer.compress(b"")
    piece = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(mebibytes):
        crc = zlib.crc32(bytes(MIB), crc)
    size = (mebibytes * MIB) & 0xFFFFFFFF
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    return head + piece * mebibytes + packer.flush() + crc.to_bytes(4, "little") + size.to_bytes(4, "little")


@pytest.mark.parametrize("name", PACKERS)
async def test_packed_bodies_are_unpacked(name):
    packed = PACKERS[name](TEXT)
    assert (await get(page(packed, f"Content-Encoding: {name}"))).body == TEXT
    bytewise = [packed[at : at + 1] for at in range(400)] + [packed[400:]]
    assert (await get(chunked(*filter(None, bytewise), headers=f"Content-Encoding: {name}\r\n".encode()))).body == TEXT


@pytest.mark.parametrize("name", PACKERS)
async def test_empty_bodies_need_no_end_mark(name):
    assert (await get(page(b"", f"Content-Encoding: {name}"))).body == b""
    assert (await get(page(PACKERS[name](b""), f"Content-Encoding: {name}"))).body == b""


async def test_a_gzip_of_several_members_is_read_whole():
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(99)
    assert (await get(page(packed, "Content-Encoding: gzip"))).body == b"one two"
    bytewise = [packed[at : at + 1] for at in range(len(packed))]
    assert (await get(chunked(*bytewise, headers=b"Content-Encoding: gzip\r\n"))).body == b"one two"
    assert await refusal(page(gzip.compress(b"") * 100_000, "Content-Encoding: gzip")) == "damaged"


@pytest.mark.parametrize("name", PACKERS)
async def test_a_body_of_just_the_limit_is_read(name):
    body = bytes(1000)
    assert (await get(page(PACKERS[name](body), f"Content-Encoding: {name}"), limit=1000)).body == body
    assert await refusal(page(PACKERS[name](body + b"x"), f"Content-Encoding: {name}"), limit=1000) == "too long"


async def test_s14_an_endless_body_is_cut_at_the_limit():
    tracemalloc.start()
    try:
        assert await refusal(endless()) == "too long"
        assert tracemalloc.get_traced_memory()[1] < 32 * MIB
    finally:
        tracemalloc.stop()


async def test_s14_a_body_that_announces_too_much_is_not_read():
    assert await refusal(cut(b"", 10**10)) == "too long"
    assert await refusal(cut(b"", MAX_BYTES + 1)) == "too long"


async def test_s14_what_unpacks_to_nothing_is_counted_too():
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert await refusal(endless(head + gzip.compress(b"x"), bytes(65_536)), limit=MIB) == "too long"


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
async def test_s15_a_bomb_costs_no_more_than_the_limit(name):
    bomb = {
        "gzip": lambda: gzip_bomb(1024),
        "deflate": lambda: zlib.compress(bytes(64 * MIB)),
        "br": lambda: brotli.compress(bytes(256 * MIB), quality=5),
    }[name]()
    tracemalloc.start()
    try:
        assert await refusal(page(bomb, f"Content-Encoding: {name}")) == "too long"
        assert tracemalloc.get_traced_memory()[1] - len(bomb) < 32 * MIB
    finally:
        tracemalloc.stop()


async def test_s15_the_bomb_of_these_tests_is_a_true_one():
    assert gzip.decompress(gzip_bomb(3)) == bytes(3 * MIB)
    assert len(gzip_bomb(1024)) < 2 * MIB


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak of a process")
async def test_s15_a_bomb_of_1_gib_costs_a_process_less_than_50_mb():
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bomb_child"], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    detail, grown, seconds = done.stdout.strip().split("|")
    print(f"1 GiB gzip bomb: {detail}, {int(grown) / MIB:.1f} MiB, {seconds} s of processor time")
    assert detail == "too long"
    assert int(grown) < 50 * MIB
    assert float(seconds) < 1  # processor time, which a busy machine does not stretch


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("lost", [1, 4, 8, 20])
async def test_s16_a_cut_packing_with_the_right_length_is_an_error(name, lost):
    packed = PACKED[name](TEXT)
    assert await refusal(page(packed[:-lost], f"Content-Encoding: {name}")) == "cut short"


CUT = {
    "short length": cut(b"short", 50),
    "cut chunked": chunked(b"some", end=b""),
    "cut in a chunk": chunked(b"some", end=b"20\r\nhalf"),
    "bad chunk size": chunked(b"some", end=b"zz\r\nabc\r\n0\r\n\r\n"),
    "bad gzip": page(b"nonsense", "Content-Encoding: gzip"),
    "bad deflate": page(b"\x08nonsense", "Content-Encoding: deflate"),
    "bad br": page(b"nonsense" * 9, "Content-Encoding: br"),
    "bad checksum": page(gzip.compress(TEXT)[:-8] + bytes(8), "Content-Encoding: gzip"),
    "rubbish behind gzip": page(gzip.compress(TEXT) + b"more", "Content-Encoding: gzip"),
    "rubbish behind deflate": page(zlib.compress(TEXT) + b"more", "Content-Encoding: deflate"),
    "rubbish behind br": page(brotli.compress(TEXT) + b"more", "Content-Encoding: br"),
    "plain text called gzip": page(TEXT, "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("fault", CUT)
async def test_s17_cut_and_damaged_bodies_are_errors(fault):
    assert await refusal(CUT[fault]) in ("cut short", "damaged", "not proper HTTP")


async def test_s17_the_status_of_a_cut_answer_is_still_told():
    with pytest.raises(FetchError) as caught:
        await get(cut(b"go", 99, status="410 Gone"))
    assert caught.value.status == 410


@pytest.mark.parametrize("coding", ["zstd", "compress", "gzip, gzip", "br, gzip", "gzip\r\nContent-Encoding: br", "x"])
async def test_s18_packings_not_asked_for_are_refused(coding):
    assert await refusal(page(b"x", f"Content-Encoding: {coding}")) == "packed in a way that was not asked for"
