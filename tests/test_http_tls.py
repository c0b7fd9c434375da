"""S20: a certificate or protocol that is not good is refused, and there is no way to switch that off."""

import asyncio
import ssl
import warnings
from datetime import UTC, datetime

import pytest
import trustme

from bot.errors import FetchError
from bot.http import Web
from bot.urls import UNREADABLE
from tests.web_server import page, redirect, serve

PAST = datetime(2001, 1, 1, tzinfo=UTC), datetime(2001, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusting(authority):
    """What a default client trusts, and this authority besides."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def old(context):
    """Make a server speak nothing newer than TLS 1.0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


async def get(context, trusted=None):
    async with (
        serve(page(b"fine"), tls=context) as server,
        Web.open(allow_loopback_ports={server.port}, tls=trusted) as web,
    ):
        return (await web.get(server.url())).body


async def refusal(context, trusted=None):
    with pytest.raises(FetchError) as caught:
        await get(context, trusted)
    assert str(caught.value) == UNREADABLE
    return caught.value.detail


@pytest.mark.asyncio
async def test_s20_a_good_certificate_is_read(authority, trusting):
    assert await get(server_context(authority.issue_cert("127.0.0.1")), trusting) == b"fine"


@pytest.mark.asyncio
async def test_s20_expired(authority, trusting):
    expired = authority.issue_cert("127.0.0.1", not_before=PAST[0], not_after=PAST[1])
    assert await refusal(server_context(expired), trusting) == "certificate refused"


@pytest.mark.asyncio
async def test_s20_wrong_host(authority, trusting):
    assert await refusal(server_context(authority.issue_cert("example.org")), trusting) == "certificate refused"


@pytest.mark.asyncio
@pytest.mark.parametrize("trust_another", [True, False])
async def test_s20_signed_by_nobody_we_trust(trusting, trust_another):
    stranger = trustme.CA().issue_cert("127.0.0.1")
    assert await refusal(server_context(stranger), trusting if trust_another else None) == "certificate refused"


@pytest.mark.asyncio
async def test_s20_tls_1_0(authority, trusting):
    server = old(server_context(authority.issue_cert("127.0.0.1")))
    assert await refusal(server, trusting) in ("no safe connection", "no connection")  # asyncio's server hangs up
    assert await get(server, old(trusting)) == b"fine"  # the server is sound: a client without care does read it


@pytest.mark.asyncio
async def test_s20_no_tls_at_all():
    def greet(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nplain")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Web.open(allow_loopback_ports={port}) as web:
            with pytest.raises(FetchError) as caught:
                await web.get(f"https://127.0.0.1:{port}/")
    assert caught.value.detail in ("no safe connection", "no connection")


@pytest.mark.asyncio
@pytest.mark.parametrize("private", [False, True])
async def test_s09_a_redirect_from_https_to_http_is_refused(authority, trusting, private):
    safe = server_context(authority.issue_cert("127.0.0.1"))
    async with serve(page(b"plain")) as plain, serve(redirect(plain.url()), tls=safe) as server:
        ports = {plain.port, server.port}
        async with Web.open(allow_loopback_ports=ports, allow_private=private, tls=trusting) as web:
            with pytest.raises(FetchError) as caught:
                await web.get(server.url())
        assert caught.value.detail == "redirected from https to less"
        assert not plain.connections
    async with (
        serve(page(b"safe"), tls=safe) as server,
        serve(redirect(server.url())) as plain,
        Web.open(allow_loopback_ports={plain.port, server.port}, tls=trusting) as web,
    ):
        assert (await web.get(plain.url())).body == b"safe"
