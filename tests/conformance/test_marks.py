"""Reactions and pins."""

from __future__ import annotations

import discord
import pytest

from sandbox.permissions import ADD_REACTIONS, MANAGE_MESSAGES, PIN_MESSAGES
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
ROCKET, STAR = "\N{ROCKET}", "\N{WHITE MEDIUM STAR}"


@behaviour(
    "reactions.event",
    "A reaction is told, and shown on the message",
    "sandbox.world_marks:WorldMarks.react",
)
async def test_reactions_are_told(stage: Stage) -> None:
    sent = await stage.news.send("x")
    await sent.add_reaction(ROCKET)
    assert str((await stage.bot.hear("raw_reaction_add")).emoji) == ROCKET
    [reaction] = (await stage.news.fetch_message(sent.id)).reactions
    assert (reaction.count, reaction.me, [u.id async for u in reaction.users()]) == (1, True, [stage.bot.user.id])
    await sent.remove_reaction(ROCKET, stage.bot.user)
    await stage.bot.hear("raw_reaction_remove")
    assert not (await stage.news.fetch_message(sent.id)).reactions


@behaviour(
    "reactions.twenty", "A message has at most 20 kinds of reactions (30010)", "sandbox.rest.marks:reaction_room"
)
async def test_reactions_are_few(stage: Stage) -> None:
    sent = await stage.news.send("x")
    for number in range(20):
        await sent.add_reaction(chr(0x1F600 + number))
    assert await refusal(sent.add_reaction(ROCKET)) == (400, 30010)


@behaviour(
    "reactions.right",
    "The first reaction needs ADD_REACTIONS; joining in does not",
    "sandbox.rest.marks:reaction_rights",
)
async def test_the_first_reaction_needs_a_right(stage: Stage) -> None:
    said = await stage.say("x")
    stage.deny(ADD_REACTIONS)
    assert await refusal(said.add_reaction(ROCKET)) == (403, 50013)
    stage.world.react(stage.world.get_message(stage.news.id, said.id), stage.max, ROCKET, add=True)
    await said.add_reaction(ROCKET)


@behaviour(
    "reactions.unknown",
    "What is no emoji is 10014",
    "sandbox.rest.marks:emoji_of",
    lambda call: call.params["emoji_name"],
)
async def test_unknown_emoji(stage: Stage) -> None:
    sent = await stage.news.send("x")
    assert await refusal(sent.add_reaction("rocket")) == (404, 10014)


@behaviour(
    "reactions.others",
    "Another's reaction is removed only with MANAGE_MESSAGES",
    "sandbox.world_base:WorldBase.permissions",
    Around(lambda original, *args: original(*args) | MANAGE_MESSAGES),
)
async def test_removing_others_reactions(stage: Stage) -> None:
    said = await stage.say("x")
    stage.world.react(stage.world.get_message(stage.news.id, said.id), stage.max, ROCKET, add=True)
    stage.deny(MANAGE_MESSAGES)
    assert await refusal(said.remove_reaction(ROCKET, discord.Object(stage.max))) == (403, 50013)


@behaviour(
    "reactions.cleared",
    "All reactions, or all with one emoji, go at once, with one event",
    "sandbox.world_marks:WorldMarks.clear_reactions",
)
async def test_reactions_are_cleared(stage: Stage) -> None:
    sent = await stage.news.send("x")
    for emoji in (ROCKET, STAR):
        await sent.add_reaction(emoji)
    await sent.clear_reaction(ROCKET)
    assert str((await stage.bot.hear("raw_reaction_clear_emoji")).emoji) == ROCKET
    await sent.clear_reactions()
    assert (await stage.bot.hear("raw_reaction_clear")).message_id == sent.id


@behaviour(
    "pins.right",
    "Pinning needs PIN_MESSAGES",
    "sandbox.world_base:WorldBase.permissions",
    Around(lambda original, *args: original(*args) | PIN_MESSAGES),
)
async def test_pinning_needs_a_right(stage: Stage) -> None:
    sent = await stage.news.send("x")
    stage.deny(PIN_MESSAGES)
    assert await refusal(sent.pin()) == (403, 50013)


@behaviour("pins.event", "A pin is told as CHANNEL_PINS_UPDATE", "sandbox.world_marks:WorldMarks._pins_changed")
async def test_pins_are_told(stage: Stage) -> None:
    await (await stage.news.send("x")).pin()
    assert (await stage.bot.hear("guild_channel_pins_update")) is not None


@behaviour(
    "pins.note",
    "Discord notes a pin in the channel (type 6)",
    "sandbox.world_marks:WorldMarks.pin",
    lambda world, message, _user: setattr(message, "pinned_at", world.clock.text()),
)
async def test_pins_are_noted(stage: Stage) -> None:
    sent = await stage.news.send("x")
    await sent.pin()
    [note] = [m async for m in stage.news.history(limit=1)]
    assert (note.type, note.reference.message_id) == (discord.MessageType.pins_add, sent.id)


@behaviour(
    "pins.list",
    "Pins are listed with their time, the latest first",
    "sandbox.world_marks:WorldMarks.pins",
    always([]),
)
async def test_pins_are_listed(stage: Stage) -> None:
    sent = [await stage.news.send(text) for text in "ab"]
    for message in sent[::-1]:
        await message.pin()
    assert [m.content async for m in stage.news.pins()] == ["a", "b"]
    await sent[0].unpin()
    assert [m.content async for m in stage.news.pins()] == ["b"]


@behaviour("pins.limit", "A channel has only so many pins (30003)", "sandbox.rest.marks:pin_room")
async def test_pins_are_limited(stage: Stage) -> None:
    stage.limits.pins = 1
    first, second = [await stage.news.send(text) for text in "ab"]
    await first.pin()
    assert await refusal(second.pin()) == (400, 30003)


@behaviour("pins.system", "Discord's own notes are not pinned (50021)", "sandbox.rest.marks:not_a_note")
async def test_notes_are_not_pinned(stage: Stage) -> None:
    await (await stage.news.send("x")).pin()
    [note] = [m async for m in stage.news.history(limit=1)]
    assert await refusal(note.pin()) == (403, 50021)
