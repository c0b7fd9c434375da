"""Rate limits: buckets, headers, the global limit, shared scopes, and the ban."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from sandbox.limits import Verdict
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage

pytestmark = pytest.mark.asyncio


def without(name: str) -> Around:
    """Let answers lack one header."""
    return Around(lambda original, self: {k: v for k, v in original(self).items() if k != name})


def changed(name: str, value: str) -> Around:
    """Let answers have another value in one header."""
    return Around(lambda original, self: {k: value if k == name else v for k, v in original(self).items()})


HEADERS = "sandbox.rest.throttle:Headers.as_dict"


@behaviour(
    "rates.headers", "Every answer tells limit, rest, reset and bucket", HEADERS, without("X-RateLimit-Remaining")
)
async def test_headers(stage: Stage) -> None:
    stage.limits.messages = 5
    first, second = [await stage.raw("POST", stage.messages, {"content": "x"}) for _ in range(2)]
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("5", "4")
    assert second.headers["X-RateLimit-Remaining"] == "3"
    assert 0 < float(second.headers["X-RateLimit-Reset-After"]) <= 5
    assert abs(float(second.headers["X-RateLimit-Reset"]) - stage.clock.now()) <= 5


@behaviour(
    "rates.bucket-hash",
    "One route has one bucket name, whatever the channel",
    HEADERS,
    Around(lambda original, self: original(self) | {"X-RateLimit-Bucket": str(time.monotonic())}),
)
async def test_bucket_names(stage: Stage) -> None:
    paths = [stage.messages, f"/channels/{stage.ids['general']}/messages"]
    names = [(await stage.raw("POST", path, {"content": "x"})).headers["X-RateLimit-Bucket"] for path in paths]
    other = (await stage.raw("GET", stage.messages)).headers["X-RateLimit-Bucket"]
    assert names[0] == names[1] != other


def _open(_self: Any, _key: str, limit: int, seconds: float) -> Verdict:
    return Verdict(True, limit, limit, seconds, 0)


@behaviour("rates.bucket", "A bucket that is empty answers 429 with Retry-After", "sandbox.limits:Counters.take", _open)
async def test_buckets(stage: Stage) -> None:
    stage.limits.messages = 1
    await stage.raw("POST", stage.messages, {"content": "x"})
    answer = await stage.raw("POST", stage.messages, {"content": "y"})
    assert (answer.status, answer.headers["X-RateLimit-Scope"], answer.body["global"]) == (429, "user", False)
    assert 0 < float(answer.headers["Retry-After"]) <= 5
    assert answer.body["retry_after"] == pytest.approx(float(answer.headers["Retry-After"]), abs=0.01)


@behaviour("rates.bucket-per-channel", "Every channel has buckets of its own", "sandbox.rest.throttle:MAJOR", ())
async def test_channels_have_their_own(stage: Stage) -> None:
    stage.limits.messages = 1
    await stage.raw("POST", stage.messages, {"content": "x"})
    other = await stage.raw("POST", f"/channels/{stage.ids['general']}/messages", {"content": "x"})
    assert other.status == 200


@behaviour(
    "rates.window",
    "A bucket is filled again when its window ends",
    "sandbox.limits:Window.take",
    Around(lambda original, self, now, limit, seconds: original(self, 1e9, limit, seconds)),
)
async def test_windows_end(stage: Stage) -> None:
    stage.limits.messages = 1
    await stage.raw("POST", stage.messages, {"content": "x"})
    stage.clock.advance(stage.limits.window)
    assert (await stage.raw("POST", stage.messages, {"content": "y"})).status == 200


@behaviour(
    "rates.respected", "discord.py keeps within a bucket by its headers", HEADERS, changed("X-RateLimit-Remaining", "5")
)
async def test_discord_py_waits(stage: Stage) -> None:
    stage.limits.messages, stage.limits.window = 2, 0.2
    await asyncio.gather(*(stage.news.send(str(n)) for n in range(6)))
    assert 429 not in {entry["status"] for entry in stage.box.traffic}


@behaviour(
    "rates.global",
    "The global limit is 429 for every route, scope global",
    "sandbox.rest.throttle:counts_globally",
    always(False),
)
async def test_the_global_limit(stage: Stage) -> None:
    stage.limits.global_per_second = 1
    stage.clock.advance(1)
    answers = [await stage.raw("GET", "/users/@me") for _ in range(2)]
    assert [a.status for a in answers] == [200, 429]
    assert (answers[1].headers["X-RateLimit-Scope"], answers[1].body["global"]) == ("global", True)
    assert answers[1].headers["X-RateLimit-Global"] == "true"


@behaviour("rates.shared", "New threads have a tight limit that others share", "sandbox.rest.guard:thread_limit")
async def test_the_shared_limit(stage: Stage) -> None:
    stage.limits.thread_creations = 1
    stories = [await stage.news.send("x") for _ in range(2)]
    answers = [await stage.raw("POST", f"{stage.messages}/{s.id}/threads", {"name": "x"}) for s in stories]
    assert [a.status for a in answers] == [201, 429]
    assert answers[1].headers["X-RateLimit-Scope"] == "shared"
    assert float(answers[1].headers["Retry-After"]) > 60


@behaviour(
    "rates.sub-limit", "A limit inside a route leaves its bucket with room", "sandbox.rest.channels:rename_limit"
)
async def test_renames_are_few(stage: Stage) -> None:
    path = f"/channels/{stage.news.id}"
    stage.limits.renames = 2
    answers = [await stage.raw("PATCH", path, {"name": f"name-{n}"}) for n in range(3)]
    assert [a.status for a in answers] == [200, 200, 429]
    assert int(answers[2].headers["X-RateLimit-Remaining"]) > 0
    assert (await stage.raw("PATCH", path, {"topic": "not a name"})).status == 200


async def _until_banned(stage: Stage) -> Any:
    stage.limits.invalid_requests = 3
    for _ in range(3):
        await stage.raw("GET", "/users/@me", Authorization="Bot wrong")
    return await stage.raw("GET", "/users/@me")


@behaviour(
    "rates.ban",
    "Too many 401, 403 and 429 are a ban: 429 in HTML without Via",
    "sandbox.limits:Counters.banned",
    always(False),
)
async def test_the_ban(stage: Stage) -> None:
    banned = await _until_banned(stage)
    assert (banned.status, banned.headers.get("Via")) == (429, None)
    assert banned.headers["Content-Type"].startswith("text/html")


@behaviour(
    "rates.ban-ends",
    "A ban ends when the invalid requests are old",
    "sandbox.limits:Counters.banned",
    lambda self, limits: len(self.invalid) >= limits.invalid_requests,
)
async def test_the_ban_ends(stage: Stage) -> None:
    assert (await _until_banned(stage)).status == 429
    stage.clock.advance(stage.limits.invalid_window + 1)
    assert (await stage.raw("GET", "/users/@me")).status == 200


@behaviour(
    "rates.shared-blameless",
    "A 429 of a shared limit is not counted as invalid",
    "sandbox.rest.pipeline:blames",
    always(True),
)
async def test_shared_limits_do_not_count(stage: Stage) -> None:
    stage.limits.thread_creations, stage.limits.invalid_requests = 0, 2
    story = await stage.news.send("x")
    for _ in range(3):
        answer = await stage.raw("POST", f"{stage.messages}/{story.id}/threads", {"name": "x"})
        assert answer.headers["X-RateLimit-Scope"] == "shared"
    assert (await stage.raw("GET", "/users/@me")).status == 200


@behaviour(
    "rates.own-blamed",
    "A 429 of the bot's own limit is counted as invalid",
    "sandbox.rest.pipeline:blames",
    always(False),
)
async def test_own_limits_count(stage: Stage) -> None:
    stage.limits.renames, stage.limits.invalid_requests = 0, 2
    for number in range(2):
        await stage.raw("PATCH", f"/channels/{stage.news.id}", {"name": f"name-{number}"})
    assert (await stage.raw("GET", "/users/@me")).headers["Content-Type"].startswith("text/html")


@behaviour(
    "answers.json",
    "JSON is written as application/json exactly",
    "sandbox.rest.pipeline:_response",
    Around(lambda original, reply, headers: _with_charset(original(reply, headers))),
)
async def test_the_content_type(stage: Stage) -> None:
    assert (await stage.raw("GET", "/users/@me")).headers["Content-Type"] == "application/json"


def _with_charset(response: Any) -> Any:
    if response.body is not None:
        response.headers["Content-Type"] = "application/json; charset=utf-8"
    return response


@behaviour("answers.via", "Every answer has Via, a 429 too", HEADERS, without("Via"))
async def test_via(stage: Stage) -> None:
    stage.limits.messages = 1
    for status in (200, 429):
        answer = await stage.raw("POST", stage.messages, {"content": "x"})
        assert (answer.status, answer.headers["Via"]) == (status, "1.1 google")


@behaviour(
    "answers.created",
    "New threads are 201",
    "sandbox.rest.threads:Reply",
    Around(lambda original, _status, *rest: original(200, *rest)),
)
async def test_threads_are_created(stage: Stage) -> None:
    story = await stage.news.send("x")
    assert (await stage.raw("POST", f"{stage.messages}/{story.id}/threads", {"name": "x"})).status == 201


@behaviour("answers.unauthorized", "A wrong token is 401", "sandbox.rest.pipeline:authorized", always(True))
async def test_wrong_tokens(stage: Stage) -> None:
    assert (await stage.raw("GET", "/users/@me", Authorization="Bot wrong")).status == 401


@behaviour("answers.broken", "A body that is no JSON is 50109", "sandbox.rest.pipeline:_parsed", always({}))
async def test_broken_bodies(stage: Stage) -> None:
    headers = {"Authorization": f"Bot {stage.box.token}", "Content-Type": "application/json"}
    async with stage.web.post(stage.box.api_url + stage.messages, data=b"{nonsense", headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, 50109)


@behaviour(
    "answers.not-found", "An address that does not exist is 404", "sandbox.rest.pipeline:_unknown", lambda call: _fine()
)
async def test_unknown_addresses(stage: Stage) -> None:
    assert (await stage.raw("GET", "/nowhere")).status == 404


async def _fine() -> Any:
    from sandbox.rest.call import Reply

    return Reply(200, {})
