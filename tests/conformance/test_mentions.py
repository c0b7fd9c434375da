"""Whom a message notifies, and what a message answers."""

from __future__ import annotations

import discord
import pytest

from sandbox.model import Pings
from sandbox.permissions import MENTION_EVERYONE, READ_MESSAGE_HISTORY
from tests.conformance.registry import Around, always, behaviour, given
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio


def pings(stage: Stage, message_id: int | str) -> Pings:
    found = stage.world.find_message(int(message_id))
    assert found is not None
    return found.pings


@behaviour(
    "mentions.default",
    "Without allowed_mentions everything in the text pings",
    "sandbox.mentions:DEFAULT",
    {"parse": []},
)
async def test_everything_pings_by_default(stage: Stage) -> None:
    sent = await stage.call("POST", stage.messages, content=f"<@{stage.max}>")
    assert pings(stage, sent["id"]).users == [stage.max]
    assert sent["mentions"][0]["id"] == str(stage.max)


@behaviour(
    "mentions.none",
    "Empty allowed_mentions let nobody be pinged",
    "sandbox.mentions:_may",
    always(True),
)
async def test_nobody_pings(stage: Stage) -> None:
    sent = await stage.news.send(f"<@{stage.max}>", allowed_mentions=discord.AllowedMentions.none())
    assert pings(stage, sent.id).users == []


@behaviour(
    "mentions.listed",
    "allowed_mentions may name who is pinged",
    "sandbox.mentions:_may",
    lambda wanted, kind, rules, parse: kind in parse or bool(rules.get(kind)),
)
async def test_only_the_listed_ping(stage: Stage) -> None:
    allowed = discord.AllowedMentions(users=[discord.Object(stage.max)], everyone=False, roles=False)
    sent = await stage.news.send(f"<@{stage.max}> <@{stage.mo}>", allowed_mentions=allowed)
    assert pings(stage, sent.id).users == [stage.max]


@behaviour(
    "mentions.edit-default",
    "An edit without allowed_mentions pings by default again",
    "sandbox.rest.payload:apply_edit",
    Around(
        lambda original, call, channel, message, body: original(
            call, channel, message, {"allowed_mentions": {"parse": []}} | body
        )
    ),
)
async def test_edits_parse_again(stage: Stage) -> None:
    sent = await stage.news.send("x", allowed_mentions=discord.AllowedMentions.none())
    await stage.call("PATCH", f"{stage.messages}/{sent.id}", content=f"<@{stage.max}>")
    assert pings(stage, sent.id).users == [stage.max]


@behaviour(
    "mentions.exclusive",
    "A kind is parsed or listed, not both (50035)",
    "sandbox.checks:parsed_or_listed",
)
async def test_parsed_or_listed(stage: Stage) -> None:
    allowed = {"parse": ["users"], "users": [str(stage.max)]}
    assert await refusal(stage.call("POST", stage.messages, content="x", allowed_mentions=allowed)) == (400, 50035)


@behaviour("mentions.hundred", "At most 100 can be listed", "sandbox.checks:LISTED", 999)
async def test_a_hundred_are_listed(stage: Stage) -> None:
    allowed = {"users": [str(stage.max + n) for n in range(101)]}
    assert await refusal(stage.call("POST", stage.messages, content="x", allowed_mentions=allowed)) == (400, 50035)


@behaviour(
    "mentions.everyone-right",
    "@everyone pings only with MENTION_EVERYONE",
    "sandbox.world_base:WorldBase.permissions",
    Around(lambda original, *args: original(*args) | MENTION_EVERYONE),
)
async def test_everyone_needs_a_right(stage: Stage) -> None:
    strong = await stage.news.send("@everyone")
    stage.deny(MENTION_EVERYONE)
    weak = await stage.news.send("@everyone")
    assert (strong.mention_everyone, weak.mention_everyone) == (True, False)


@behaviour(
    "mentions.roles",
    "A role pings where it is mentionable, or with MENTION_EVERYONE",
    "sandbox.mentions:_role_pings",
    always(True),
)
async def test_roles_ping_when_mentionable(stage: Stage) -> None:
    role = next(r for r in stage.world.guild.roles.values() if r.name == "Moderator")
    stage.deny(MENTION_EVERYONE)
    first = await stage.news.send(f"<@&{role.id}>")
    role.mentionable = True
    second = await stage.news.send(f"<@&{role.id}>")
    assert (pings(stage, first.id).roles, pings(stage, second.id).roles) == ([], [role.id])


@behaviour(
    "mentions.components",
    "Text displays ping like content",
    "sandbox.world_messages:_text",
    lambda message: message.content,
)
async def test_text_displays_ping(stage: Stage) -> None:
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay(f"<@{stage.max}>"))
    assert pings(stage, (await stage.news.send(view=view)).id).users == [stage.max]


@behaviour(
    "replies.pings",
    "A reply pings the author unless told otherwise",
    "sandbox.mentions:with_reply",
    given(0),
)
async def test_replies_ping_the_author(stage: Stage) -> None:
    said = await stage.say("hi")
    assert pings(stage, (await said.reply("yes")).id).users == [stage.max]
    assert pings(stage, (await said.reply("yes", mention_author=False)).id).users == []


@behaviour(
    "replies.shown",
    "A reply carries the message that it answers",
    "sandbox.message_json:_reference",
    always({}),
)
async def test_replies_carry_their_parent(stage: Stage) -> None:
    said = await stage.say("question")
    answer = await said.reply("answer")
    assert isinstance(answer.reference.resolved, discord.Message)
    assert (answer.type, answer.reference.resolved.content) == (discord.MessageType.reply, "question")


@behaviour(
    "replies.parent-gone",
    "A reply whose parent is deleted says null",
    "sandbox.message_json:_reference",
    Around(
        lambda original, *args: {k: v for k, v in original(*args).items() if k != "referenced_message" or v is not None}
    ),
)
async def test_replies_outlive_their_parent(stage: Stage) -> None:
    said = await stage.say("question")
    answer = await said.reply("answer")
    await said.delete()
    again = await stage.news.fetch_message(answer.id)
    assert isinstance(again.reference.resolved, discord.DeletedReferencedMessage)


@behaviour(
    "replies.unknown",
    "A reply to nothing is refused (50035)",
    "sandbox.rest.messages:parent_needed",
)
async def test_replies_need_a_parent(stage: Stage) -> None:
    said = await stage.say("x")
    await said.delete()
    assert await refusal(said.reply("y")) == (400, 50035)


@behaviour(
    "replies.fail-if-not-exists",
    "A reply may put up with a parent that is gone",
    "sandbox.rest.messages:parent_needed",
    Around(lambda original, reference: original({})),
)
async def test_replies_may_put_up_with_nothing(stage: Stage) -> None:
    reference = discord.MessageReference(message_id=1, channel_id=stage.news.id, fail_if_not_exists=False)
    sent = await stage.news.send("x", reference=reference)
    assert (sent.type, sent.reference) == (discord.MessageType.default, None)


@behaviour("replies.same-channel", "A reply stays in its channel", "sandbox.rest.messages:same_channel")
async def test_replies_stay_in_their_channel(stage: Stage) -> None:
    said = await stage.say("x")
    reference = discord.MessageReference(message_id=said.id, channel_id=said.channel.id, fail_if_not_exists=False)
    assert await refusal(stage.announcements.send("y", reference=reference)) == (400, 50035)


@behaviour("replies.history", "A reply needs READ_MESSAGE_HISTORY (160002)", "sandbox.rest.messages:may_refer")
async def test_replies_need_history(stage: Stage) -> None:
    said = await stage.say("x")
    stage.deny(READ_MESSAGE_HISTORY)
    assert await refusal(said.reply("y")) == (400, 160002)


@behaviour("replies.system", "Discord's own notes cannot be answered", "sandbox.rest.messages:answerable")
async def test_notes_cannot_be_answered(stage: Stage) -> None:
    await stage.news.create_thread(name="Alone", type=discord.ChannelType.public_thread)
    note = next(m for m in stage.world.history(stage.news.id) if m.type == 18)
    assert await refusal(stage.news.get_partial_message(note.id).reply("x")) == (400, 50035)


@behaviour(
    "replies.starter-elsewhere",
    "In a thread its starter, which is in the parent, cannot be answered",
    "sandbox.rest.messages:parent_needed",
)
async def test_the_starter_is_elsewhere(stage: Stage) -> None:
    story = await stage.news.send("story")
    thread = await story.create_thread(name="Comments")
    reference = {"message_id": str(story.id), "channel_id": str(thread.id)}
    path = f"/channels/{thread.id}/messages"
    assert await refusal(stage.call("POST", path, content="x", message_reference=reference)) == (400, 50035)
