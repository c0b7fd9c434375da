"""A channel's newest fitting story posted there as a test: marked, calling nobody, and recorded nowhere."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import discord

from bot.chat.channel_views import embeds_in, require_speaker
from bot.chat.messenger import DiscordMessenger, NoSkew
from bot.choosing import Trial
from bot.errors import Conflict, NotFound
from bot.looks import as_test
from bot.model import Layout
from bot.post import Place, Post, Sent
from bot.render import THREAD_NAME_LIMIT
from bot.urls import jump_link
from bot.words import say


async def post_test(interaction: discord.Interaction[Any], trial: Trial) -> str:
    """Post a test and return its address; raises ``NotFound`` without a fitting story, ``Conflict`` if refused."""
    subscription = trial.subscription
    channel = require_speaker(interaction, subscription)
    post = trial.post if embeds_in(interaction, channel.id) else trial.plain
    if post is None:
        raise NotFound(say("trial.none_fits" if trial.judged else "trial.no_story", channel=channel.mention))
    messenger = DiscordMessenger(interaction.client, NoSkew())
    place = Place(subscription.guild_id, channel.id)
    test = as_test(post, say("trial.mark"))
    if subscription.options.layout is Layout.FORUM:
        test = await _in_forum(messenger, place, test, subscription.options.forum_tags)
    interaction.client.desk.may_test(place.guild_id, interaction.client.clock.now())
    answer = await messenger.create(place, test, secrets.token_hex(12))
    if not isinstance(answer, Sent):
        raise Conflict(say("trial.refused", channel=channel.mention))
    where = answer.id if test.name else channel.id
    return jump_link(place.guild_id, where, answer.id)


async def _in_forum(messenger: DiscordMessenger, place: Place, test: Post, names: tuple[str, ...]) -> Post:
    tags = await messenger.forum_tags(place, names)
    if tags is None:
        raise Conflict(say("trial.tagless"))
    return replace(test, name=say("trial.mark")[:THREAD_NAME_LIMIT], tags=tags)
