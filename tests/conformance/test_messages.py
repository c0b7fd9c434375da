"""Messages: send, read, edit, delete."""

from __future__ import annotations

import discord
import pytest

from sandbox.permissions import MANAGE_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES
from tests.conformance.registry import Around, always, behaviour, given
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
HOUR, DAY = 3600, 86_400


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def with_right(bit: int) -> Around:
    """Let everyone have one permission everywhere."""
    return Around(lambda original, *args: original(*args) | bit)


@behaviour(
    "messages.send.event",
    "A sent message comes back as MESSAGE_CREATE",
    "sandbox.world_messages:WorldMessages.emit_message",
)
async def test_send_makes_an_event(stage: Stage) -> None:
    sent = await stage.news.send("hello")
    heard = await stage.bot.hear("message")
    assert (heard.id, heard.content, heard.channel.id) == (sent.id, "hello", stage.news.id)


@behaviour(
    "messages.content.trimmed",
    "Spaces around the content are not kept",
    "sandbox.rest.payload:trimmed",
    given(0),
)
async def test_content_is_trimmed(stage: Stage) -> None:
    assert (await stage.news.send("  inside  \n")).content == "inside"


@behaviour("messages.content.2000", "A content has at most 2000 characters", "sandbox.checks:CONTENT", 9999)
async def test_content_is_limited(stage: Stage) -> None:
    await stage.news.send("x" * 2000)
    assert await refusal(stage.news.send("x" * 2001)) == (400, 50035)


@behaviour(
    "messages.content.code-points",
    "Length is counted in code points, not in UTF-16",
    "sandbox.checks:size",
    utf16,
)
async def test_content_is_counted_in_code_points(stage: Stage) -> None:
    assert len((await stage.news.send("\N{ROCKET}" * 2000)).content) == 2000


@behaviour("messages.empty", "An empty message is refused (50006)", "sandbox.checks:check_not_empty")
async def test_nothing_cannot_be_sent(stage: Stage) -> None:
    assert await refusal(stage.call("POST", stage.messages, content=" \n ")) == (400, 50006)


@behaviour(
    "messages.errors.nested",
    "A 50035 points at the wrong field by nested errors",
    "sandbox.errors:invalid",
    Around(lambda original, path, *rest: original("_", *rest)),
)
async def test_errors_point_at_the_field(stage: Stage) -> None:
    answer = await stage.raw("POST", stage.messages, {"embeds": [{"title": "a"}, {"title": "x" * 257}]})
    [error] = answer.body["errors"]["embeds"]["1"]["title"]["_errors"]
    assert error["code"] == "BASE_TYPE_MAX_LENGTH"


@behaviour(
    "messages.unsupported",
    "What the sandbox lacks (polls, stickers) is refused, not lost",
    "sandbox.checks:unsupported",
)
async def test_polls_are_refused(stage: Stage) -> None:
    poll = {"question": {"text": "?"}, "answers": [{"poll_media": {"text": "a"}}], "duration": 1}
    assert await refusal(stage.call("POST", stage.messages, content="x", poll=poll)) == (400, 50035)


@behaviour(
    "messages.unknown-message",
    "A message that is not there is 10008",
    "sandbox.world_base:WorldBase.get_message",
    lambda world, channel, _id: next(iter(world.messages[channel].values())),
)
async def test_unknown_message(stage: Stage) -> None:
    sent = await stage.news.send("x")
    assert await refusal(stage.news.fetch_message(sent.id + 1)) == (404, 10008)


@behaviour(
    "messages.unknown-channel",
    "A channel that is not there is 10003",
    "sandbox.world_base:WorldBase.get_channel",
    lambda world, _id: world.channel("general"),
)
async def test_unknown_channel(stage: Stage) -> None:
    assert await refusal(stage.bot.get_partial_messageable(stage.news.id + 999).send("x")) == (404, 10003)


def ignoring(key: str) -> Around:
    """Let a list of messages not see one part of the query."""
    return Around(
        lambda original, all_, query, limit: original(all_, {k: v for k, v in query.items() if k != key}, limit)
    )


async def _three(stage: Stage) -> list[discord.Message]:
    return [await stage.news.send(text) for text in ("one", "two", "three")]


@behaviour(
    "messages.list.before", "A list may end before a message", "sandbox.rest.messages:section", ignoring("before")
)
async def test_list_before(stage: Stage) -> None:
    sent = await _three(stage)
    assert [m.content async for m in stage.news.history(before=sent[2])] == ["two", "one"]


@behaviour(
    "messages.list.after", "A list may begin after a message", "sandbox.rest.messages:section", ignoring("after")
)
async def test_list_after(stage: Stage) -> None:
    sent = await _three(stage)
    assert [m.content async for m in stage.news.history(after=sent[0])] == ["two", "three"]


@behaviour(
    "messages.list.around", "A list may stand around a message", "sandbox.rest.messages:section", ignoring("around")
)
async def test_list_around(stage: Stage) -> None:
    sent = await _three(stage)
    await stage.news.send("four")
    assert {m.content async for m in stage.news.history(around=sent[1], limit=3)} == {"one", "two", "three"}


@behaviour(
    "messages.list.limit",
    "A list has 1 to 100 rows",
    "sandbox.rest.guard:page_size",
    lambda call, default, _most: int(call.query.get("limit", default)),
)
async def test_list_limit(stage: Stage) -> None:
    assert await refusal(stage.call("GET", stage.messages + "?limit=101")) == (400, 50035)


@behaviour(
    "messages.list.needs-history",
    "Without READ_MESSAGE_HISTORY a list is empty",
    "sandbox.world_base:WorldBase.permissions",
    with_right(READ_MESSAGE_HISTORY),
)
async def test_list_needs_history(stage: Stage) -> None:
    await stage.news.send("x")
    stage.deny(READ_MESSAGE_HISTORY)
    assert await stage.call("GET", stage.messages) == []


@behaviour(
    "messages.send.needs-right",
    "Sending needs SEND_MESSAGES (50013)",
    "sandbox.world_base:WorldBase.permissions",
    with_right(SEND_MESSAGES),
)
async def test_sending_needs_the_right(stage: Stage) -> None:
    stage.deny(SEND_MESSAGES)
    assert await refusal(stage.news.send("x")) == (403, 50013)


@behaviour("messages.edit.own", "Only one's own messages can be edited (50005)", "sandbox.rest.messages:own_message")
async def test_edit_own_only(stage: Stage) -> None:
    other = await stage.say("mine")
    assert await refusal(stage.call("PATCH", f"{stage.messages}/{other.id}", content="x")) == (403, 50005)


@behaviour(
    "messages.edit.event",
    "An edit comes back as MESSAGE_UPDATE",
    "sandbox.world_messages:WorldMessages.edited",
)
async def test_edit_makes_an_event(stage: Stage) -> None:
    sent = await stage.news.send("old")
    await sent.edit(content="new")
    assert (await stage.bot.hear("message_edit")).content == "new"


@behaviour(
    "messages.edit.marked",
    "An edited message says when",
    "sandbox.world_messages:WorldMessages.edited",
    lambda world, message: world.emit_message("MESSAGE_UPDATE", message),
)
async def test_edits_are_marked(stage: Stage) -> None:
    sent = await stage.news.send("old")
    assert sent.edited_at is None
    assert (await sent.edit(content="new")).edited_at is not None


@behaviour(
    "messages.edit.partial",
    "What an edit leaves out stays",
    "sandbox.rest.payload:apply_edit",
    Around(lambda original, call, channel, message, body: original(call, channel, message, {"embeds": []} | body)),
)
async def test_edits_keep_the_rest(stage: Stage) -> None:
    sent = await stage.news.send("old", embed=discord.Embed(title="card"))
    edited = await sent.edit(content="new")
    assert (edited.content, edited.embeds[0].title) == ("new", "card")


@behaviour(
    "messages.edit.old-limited",
    "Messages older than an hour can be edited only a few times (30046)",
    "sandbox.rest.messages:old_edit_limit",
)
async def test_old_messages_have_a_limit_of_their_own(stage: Stage) -> None:
    sent = await stage.news.send("old")
    stage.limits.old_edits = 1
    stage.clock.advance(HOUR + 1)
    await sent.edit(content="1")
    answer = await stage.raw("PATCH", f"{stage.messages}/{sent.id}", {"content": "2"})
    assert (answer.status, answer.body["code"]) == (429, 30046)
    young = await stage.news.send("young")
    await young.edit(content="1")
    await young.edit(content="2")


@behaviour(
    "messages.edit.published-limited",
    "Messages that other servers follow can be edited only a few times an hour (20022)",
    "sandbox.rest.messages:published_edit_limit",
)
async def test_published_messages_have_a_limit_of_their_own(stage: Stage) -> None:
    sent = await stage.announcements.send("published")
    stage.limits.published_edits = 1
    await sent.edit(content="before")
    await sent.edit(content="still before")
    await sent.publish()
    await sent.edit(content="1")
    path = f"/channels/{stage.announcements.id}/messages/{sent.id}"
    answer = await stage.raw("PATCH", path, {"content": "2"})
    assert (answer.status, answer.body["code"]) == (429, 20022)
    stage.clock.advance(HOUR + 1)
    await sent.edit(content="2")


@behaviour(
    "messages.delete.event",
    "A deletion comes back as MESSAGE_DELETE",
    "sandbox.world_messages:WorldMessages.delete_message",
)
async def test_delete_makes_an_event(stage: Stage) -> None:
    sent = await stage.news.send("x")
    await sent.delete()
    assert (await stage.bot.hear("raw_message_delete")).message_id == sent.id


@behaviour(
    "messages.delete.others",
    "Another's message is deleted only with MANAGE_MESSAGES",
    "sandbox.rest.messages:may_delete",
)
async def test_deleting_others_needs_a_right(stage: Stage) -> None:
    other = await stage.say("mine")
    stage.deny(MANAGE_MESSAGES)
    assert await refusal(other.delete()) == (403, 50013)
    stage.deny()
    await other.delete()


@behaviour(
    "messages.bulk.one-event",
    "A bulk deletion is one event",
    "sandbox.world_messages:WorldMessages.delete_messages",
    lambda world, _channel, messages: [world.delete_message(m) for m in messages],
)
async def test_bulk_deletion_is_one_event(stage: Stage) -> None:
    sent = await _three(stage)
    await stage.news.delete_messages(sent)
    assert (await stage.bot.hear("raw_bulk_message_delete")).message_ids == {m.id for m in sent}
    assert not stage.world.messages[stage.news.id]


@behaviour("messages.bulk.size", "A bulk deletion takes 2 to 100 messages", "sandbox.rest.messages:bulk_size")
async def test_bulk_size(stage: Stage) -> None:
    sent = await stage.news.send("x")
    assert await refusal(stage.call("POST", stage.messages + "/bulk-delete", messages=[str(sent.id)])) == (400, 50035)


@behaviour("messages.bulk.unique", "A bulk deletion takes no message twice", "sandbox.rest.messages:bulk_size")
async def test_bulk_unique(stage: Stage) -> None:
    ids = [str((await stage.news.send("x")).id)] * 2
    assert await refusal(stage.call("POST", stage.messages + "/bulk-delete", messages=ids)) == (400, 50035)


@behaviour("messages.bulk.age", "A bulk deletion takes nothing older than two weeks", "sandbox.rest.messages:bulk_age")
async def test_bulk_age(stage: Stage) -> None:
    sent = await _three(stage)
    stage.clock.advance(15 * DAY)
    ids = [str(m.id) for m in sent]
    assert await refusal(stage.call("POST", stage.messages + "/bulk-delete", messages=ids)) == (400, 50034)


@behaviour(
    "messages.crosspost.place",
    "Only announcements can be crossposted, once",
    "sandbox.rest.messages:crosspostable",
)
async def test_crossposts_where_and_how_often(stage: Stage) -> None:
    sent = await stage.announcements.send("x")
    await sent.publish()
    assert await refusal(sent.publish()) == (400, 40033)
    assert (await refusal((await stage.news.send("y")).publish()))[0] == 400


@behaviour(
    "messages.crosspost.limited",
    "A channel's crossposts of an hour are limited",
    "sandbox.rest.messages:crosspost_limit",
)
async def test_crossposts_are_limited(stage: Stage) -> None:
    stage.limits.crossposts = 1
    first, second = [await stage.announcements.send(text) for text in "ab"]
    await first.publish()
    path = f"/channels/{stage.announcements.id}/messages/{second.id}/crosspost"
    assert (await stage.raw("POST", path)).status == 429
    stage.clock.advance(HOUR + 1)
    await second.publish()
    assert (await stage.announcements.fetch_message(second.id)).flags.crossposted


@behaviour(
    "messages.typing",
    "Typing is told to who listens",
    "sandbox.world_messages:WorldMessages.typing",
)
async def test_typing(stage: Stage) -> None:
    await stage.bot.http.send_typing(stage.news.id)
    assert (await stage.bot.hear("raw_typing")).channel_id == stage.news.id


@behaviour(
    "ids.strings",
    "Answers write ids as strings",
    "sandbox.message_json:message_json",
    Around(lambda original, world, message, **named: original(world, message, **named) | {"id": message.id}),
)
async def test_ids_are_strings(stage: Stage) -> None:
    body = await stage.call("POST", stage.messages, content="x")
    assert isinstance(body["id"], str)
    assert isinstance(body["author"]["id"], str)


@behaviour(
    "ids.large",
    "Ids are above 2**53 and grow with time",
    "sandbox.snowflake:Snowflakes.next",
    lambda ids: (setattr(ids, "last", ids.last % 1_000_000 + 1), ids.last)[1],
)
async def test_ids_are_large_and_grow(stage: Stage) -> None:
    first, second = [await stage.news.send(text) for text in "ab"]
    assert 2**53 < first.id < second.id
    assert abs(first.created_at.timestamp() - stage.clock.now()) < 60


def _only_strings(path: str, value: object) -> int:
    from sandbox.errors import invalid

    if not isinstance(value, str):
        raise invalid(path, "NUMBER_TYPE_COERCE", "not a string")
    return int(value)


@behaviour(
    "ids.numbers-taken",
    "Requests may write ids as numbers",
    "sandbox.errors:snowflake",
    _only_strings,
)
async def test_ids_may_be_numbers(stage: Stage) -> None:
    sent = await stage.news.send("x")
    body = await stage.call("POST", stage.messages, content="y", message_reference={"message_id": sent.id})
    assert body["message_reference"]["message_id"] == str(sent.id)


@behaviour("ids.bad", "What is no id is refused (50035)", "sandbox.errors:snowflake", always(7))
async def test_bad_ids(stage: Stage) -> None:
    reference = {"message_id": "seven"}
    answer = await stage.raw("POST", stage.messages, {"content": "y", "message_reference": reference})
    assert answer.status == 400
    assert answer.body["errors"]["message_reference"]["message_id"]["_errors"][0]["code"] == "NUMBER_TYPE_COERCE"


@behaviour("messages.closed", "Who takes no direct messages gets none (50007)", "sandbox.rest.guard:takes_direct")
async def test_closed_direct_messages(stage: Stage) -> None:
    direct = await stage.bot.create_dm(discord.Object(stage.max))
    await direct.send("x")
    stage.world.closed.add(stage.max)
    assert await refusal(direct.send("y")) == (403, 50007)
    stage.world.closed.clear()
    del stage.world.guild.members[stage.max]
    assert await refusal(direct.send("y")) == (403, 50007), "nobody writes to whom they share no server with"
