"""Permissions that change, and things that disappear."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from sandbox.permissions import ADMINISTRATOR, MANAGE_CHANNELS, MANAGE_ROLES, SEND_MESSAGES, VIEW_CHANNEL
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage, grant, refusal

pytestmark = pytest.mark.asyncio


def unheard(name: str) -> Around:
    """Let one kind of event never be told."""
    return Around(lambda original, world, event: None if event.name == name else original(world, event))


EMIT = "sandbox.world_base:WorldBase.emit"


@behaviour("permissions.hidden", "A channel that the bot may not see is 50001", "sandbox.rest.guard:see", always(-1))
async def test_hidden_channels(stage: Stage) -> None:
    stage.deny(VIEW_CHANNEL)
    assert await refusal(stage.news.send("x")) == (403, 50001)


@behaviour(
    "permissions.missing",
    "A missing permission is 50013",
    "sandbox.rest.guard:need",
    Around(lambda original, call, channel, *_: original(call, channel)),
)
async def test_missing_permissions(stage: Stage) -> None:
    stage.deny(SEND_MESSAGES)
    assert await refusal(stage.news.send("x")) == (403, 50013)


@behaviour(
    "permissions.role-change",
    "A changed role counts at once, and is told",
    "sandbox.world_guilds:WorldGuilds.set_role_permissions",
)
async def test_roles_change(stage: Stage) -> None:
    everyone = stage.world.guild.roles[stage.guild_id]
    stage.world.set_role_permissions(stage.guild_id, everyone.id, 0)
    grant(stage.box, VIEW_CHANNEL)
    await stage.bot.hear("guild_role_update")
    assert await refusal(stage.news.send("x")) == (403, 50013)
    grant(stage.box, VIEW_CHANNEL | SEND_MESSAGES)
    await stage.news.send("y")


@behaviour("permissions.role-told", "A changed role is told as GUILD_ROLE_UPDATE", EMIT, unheard("GUILD_ROLE_UPDATE"))
async def test_role_changes_are_told(stage: Stage) -> None:
    grant(stage.box, VIEW_CHANNEL)
    assert not (await stage.bot.hear("guild_role_update")).permissions.send_messages


@behaviour(
    "permissions.member-change",
    "A member's changed roles count and are told",
    EMIT,
    unheard("GUILD_MEMBER_UPDATE"),
)
async def test_member_changes_are_told(stage: Stage) -> None:
    stage.world.add_role(stage.guild_id, "Helper", MANAGE_CHANNELS, [stage.bot.user.id])
    await stage.bot.hear("member_update")
    assert [r.name for r in stage.guild.me.roles][-1] == "Helper"


def _only_roles(total: int, guild: Any, channel: Any, user_id: int) -> int:
    return total


@behaviour(
    "permissions.overwrite",
    "A channel's overwrite beats the roles",
    "sandbox.permissions:_apply_overwrites",
    _only_roles,
)
async def test_overwrites_beat_roles(stage: Stage) -> None:
    await stage.news.set_permissions(stage.guild.default_role, send_messages=False)
    role = stage.world.bot_role()
    stage.world.set_permission(stage.news.id, role.id, deny=SEND_MESSAGES)
    assert await refusal(stage.news.send("x")) == (403, 50013)


def _without_member(original: Any, total: int, guild: Any, channel: Any, user_id: int) -> int:
    own = channel.overwrites.pop(user_id, None)
    try:
        return original(total, guild, channel, user_id)
    finally:
        if own is not None:
            channel.overwrites[user_id] = own


@behaviour(
    "permissions.member-overwrite",
    "A member's own overwrite beats a role's",
    "sandbox.permissions:_apply_overwrites",
    Around(_without_member),
)
async def test_own_overwrites_come_last(stage: Stage) -> None:
    stage.world.set_permission(stage.news.id, stage.world.bot_role().id, deny=SEND_MESSAGES)
    stage.world.set_permission(stage.news.id, stage.bot.user.id, allow=SEND_MESSAGES)
    await stage.news.send("x")


@behaviour(
    "permissions.admin",
    "An administrator is stopped by no overwrite",
    "sandbox.permissions:ADMINISTRATOR",
    1 << 60,
)
async def test_administrators(stage: Stage) -> None:
    stage.deny(SEND_MESSAGES)
    grant(stage.box, ADMINISTRATOR)
    await stage.news.send("x")


@behaviour(
    "permissions.blind",
    "Who may not see a channel may do nothing in it",
    "sandbox.permissions:VIEW_CHANNEL",
    -1,
)
async def test_blindness_is_total(stage: Stage) -> None:
    stage.world.set_permission(stage.news.id, stage.max, deny=VIEW_CHANNEL)
    assert stage.world.permissions(stage.world.channels[stage.news.id], stage.max) == 0


@behaviour(
    "permissions.silent",
    "Of a channel that the bot may not see it hears nothing",
    "sandbox.gateway:Gateway.bot_sees",
    always(True),
)
async def test_hidden_channels_are_silent(stage: Stage) -> None:
    stage.deny(VIEW_CHANNEL)
    await stage.bot.heard_now()
    await stage.box.say(stage.max, stage.news.id, "psst")
    assert "message" not in await stage.bot.heard_now()


@behaviour(
    "permissions.set",
    "The bot may set overwrites, with MANAGE_ROLES",
    "sandbox.world_base:WorldBase.permissions",
    Around(lambda original, *args: original(*args) | MANAGE_ROLES),
)
async def test_overwrites_are_set(stage: Stage) -> None:
    target = await stage.guild.fetch_member(stage.max)
    await stage.news.set_permissions(target, overwrite=discord.PermissionOverwrite(send_messages=False))
    assert not stage.world.permissions(stage.world.channels[stage.news.id], stage.max) & SEND_MESSAGES
    stage.deny(MANAGE_ROLES)
    assert await refusal(stage.news.set_permissions(target, overwrite=None)) == (403, 50013)


@behaviour("permissions.own-only", "Nobody gives what they do not have", "sandbox.rest.overwrites:only_own_rights")
async def test_only_own_rights_are_given(stage: Stage) -> None:
    stage.deny(1 << 13)
    target = await stage.guild.fetch_member(stage.max)
    overwrite = discord.PermissionOverwrite(manage_messages=True)
    assert await refusal(stage.news.set_permissions(target, overwrite=overwrite)) == (403, 50013)


@behaviour(
    "gone.channel",
    "A deleted channel is told, and gone (10003)",
    "sandbox.world_guilds:WorldGuilds.delete_channel",
)
async def test_deleted_channels(stage: Stage) -> None:
    news = stage.news
    stage.world.delete_channel(news.id)
    assert (await stage.bot.hear("guild_channel_delete")).id == news.id
    assert await refusal(news.send("x")) == (404, 10003)


@behaviour(
    "gone.guild",
    "A server that throws the bot out is told as GUILD_DELETE",
    EMIT,
    unheard("GUILD_DELETE"),
)
async def test_leaving_a_guild(stage: Stage) -> None:
    guild = stage.guild
    stage.world.remove_guild(guild.id)
    assert (await stage.bot.hear("guild_remove")).id == guild.id
    assert (await refusal(stage.bot.fetch_guild(guild.id)))[0] == 404


@behaviour(
    "gone.guild-new",
    "A server that invites the bot is told as GUILD_CREATE",
    EMIT,
    unheard("GUILD_CREATE"),
)
async def test_joining_a_guild(stage: Stage) -> None:
    made = stage.world.add_guild("New place")
    assert (await stage.bot.hear("guild_join")).id == made.id


@behaviour(
    "channels.made",
    "A channel can be made, and is told",
    "sandbox.world_guilds:WorldGuilds.add_channel",
    Around(lambda original, world, name, *rest, **named: original(world, "other", *rest, **named)),
)
async def test_channels_are_made(stage: Stage) -> None:
    made = await stage.guild.create_text_channel("new-place", topic="About")
    assert (made.name, made.topic) == ("new-place", "About")
    assert (await stage.bot.hear("guild_channel_create")).name == "new-place"


@behaviour(
    "channels.changed",
    "A changed channel is told",
    "sandbox.world_guilds:WorldGuilds.channel_changed",
)
async def test_channels_are_changed(stage: Stage) -> None:
    await stage.news.edit(topic="New topic")
    assert (await stage.bot.hear("guild_channel_update")).topic == "New topic"
