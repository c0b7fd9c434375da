"""The only mouth: turns rendered posts into Discord calls, and Discord's answers into ours."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Collection
from datetime import datetime, timedelta
from typing import Any, Protocol

import aiohttp
import discord

from bot.chat.duties import WAITS, duty
from bot.permissions import NEEDED
from bot.post import Answer, Embed, Missing, Place, Post, Refused, Sent, Stop, Unknown, Wait
from bot.render import CONTINUED

log = logging.getLogger(__name__)

DEADLINE = 45.0
BAN_PAUSE = 900.0
BARRED = 40333
OWN_TYPES = (discord.MessageType.default, discord.MessageType.reply)
COLOUR = discord.Colour(0x3A6EA5)


class AmbiguousAnswer(Exception):
    """A create was answered with 5xx: raised out of the HTTP trace, so that discord.py does not repeat it itself."""


class DiscordClock(Protocol):
    """Tells how far Discord's clock is ahead of ours."""

    skew: timedelta


class DiscordMessenger:
    """Speaks through one discord.py client; every create passes our nonce and never pings anyone."""

    def __init__(self, client: discord.Client, clock: DiscordClock) -> None:
        self._client = client
        self._clock = clock

    def missing(self, place: Place) -> Missing | None:
        """Return what the bot may not do there, from the gateway's cache; None while the guild is unavailable."""
        guild = self._client.get_guild(place.guild_id)
        if guild is None or guild.unavailable:
            return None
        channel = guild.get_channel_or_thread(place.channel_id)
        if channel is None:
            return Missing(fatal=("View Channel",))
        have = channel.permissions_for(guild.me)
        lacking = [need for need in NEEDED if not have.value & need.bit]
        fatal = tuple(need.title for need in lacking if need.required)
        return Missing(fatal=fatal, embeds=have.embed_links)

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        """Send one message, as a native reply where ``post.reply_to`` is set."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        call = target.send(post.content or None, nonce=nonce, mention_author=False, **_extras(place, post))
        return await _answer(call, creates=True)

    async def open_thread(self, place: Place, message_id: int, name: str) -> Answer:
        """Open a public thread on a message."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        return await _answer(target.get_partial_message(message_id).create_thread(name=name), creates=True)

    async def edit(self, place: Place, message_id: int, post: Post) -> Answer:
        """Replace a message's content, embed and buttons."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        message = target.get_partial_message(message_id)
        call = message.edit(content=post.content or None, embed=embed_of(post.embed), view=view_of(post))
        return await _answer(call, creates=False)

    async def delete(self, place: Place, message_id: int) -> Answer:
        """Remove a message; one that is already gone counts as removed."""
        target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
        answer = await _answer(target.get_partial_message(message_id).delete(), creates=False, done=message_id)
        return Sent(message_id) if isinstance(answer, Refused) and answer.code == 10008 else answer

    async def unarchive(self, thread_id: int) -> Answer:
        """Open an archived thread again."""
        call = self._client.http.edit_channel(thread_id, archived=False)
        return await _answer(call, creates=False, done=thread_id)

    async def find(self, place: Place, post: Post, since: datetime, known: Collection[int]) -> int | Answer | None:
        """Return the id of our own message that says ``post`` and is newer than ``since`` but not in ``known``."""
        found: list[int] = []

        async def look() -> None:
            target = self._client.get_partial_messageable(place.channel_id, guild_id=place.guild_id)
            async for message in target.history(limit=None, after=since + self._clock.skew, oldest_first=True):
                if message.id not in known and self._says(message, post):
                    found.append(message.id)
                    return

        answer = await _answer(look(), creates=False, done=0)
        if not isinstance(answer, Sent):
            return answer
        return found[0] if found else None

    def _says(self, message: discord.Message, post: Post) -> bool:
        own = self._client.user is not None and message.author.id == self._client.user.id
        if not own or message.type not in OWN_TYPES or message.interaction_metadata is not None:
            return False
        return _same_card(message, post) if post.embed else _same_text(message, post)


def _same_card(message: discord.Message, post: Post) -> bool:
    """Tell whether a message is the card of a post's story, by its address wherever the card shows it."""
    if not post.permalink:
        return any(embed.title == (post.embed and post.embed.title) for embed in message.embeds)
    # A moderator may have suppressed the embed; the link button stays.
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    links = [getattr(child, "url", None) for row in rows for child in row.children]
    return post.permalink in [*(embed.url for embed in message.embeds), *links]


def _same_text(message: discord.Message, post: Post) -> bool:
    """Tell whether a message says a post: by its permalink whatever revision it shows, else by its words."""
    continued = post.content.startswith(CONTINUED)
    if post.permalink and not continued:
        first_line = message.content.split("\n")[0]
        return f"(<{post.permalink}>)" in first_line and not first_line.startswith(CONTINUED)
    target = message.reference.message_id if message.reference else None
    return _words(message.content) == _words(post.content) and target in (None, post.reply_to)


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _extras(place: Place, post: Post) -> dict[str, Any]:
    """Return the keywords that a post needs; discord.py's types know no None for them."""
    extras: dict[str, Any] = {}
    if post.embed:
        extras["embed"] = embed_of(post.embed)
    if post.buttons:
        extras["view"] = view_of(post)
    if post.reply_to:
        extras["reference"] = discord.MessageReference(
            message_id=post.reply_to, channel_id=place.channel_id, fail_if_not_exists=False
        )
    return extras


def embed_of(embed: Embed | None) -> discord.Embed | None:
    """Return our embed as discord.py's."""
    if embed is None:
        return None
    result = discord.Embed(title=embed.title, url=embed.url, description=embed.description or None, colour=COLOUR)
    if embed.timestamp:
        result.timestamp = datetime.fromisoformat(embed.timestamp)
    if embed.author:
        result.set_author(name=embed.author)
    if embed.footer:
        result.set_footer(text=embed.footer)
    if embed.image_url:
        result.set_image(url=embed.image_url)
    return result


def view_of(post: Post) -> discord.ui.View | None:
    """Return the buttons; without a running view behind them, as dynamic items answer them for ever."""
    if not post.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in post.buttons:
        view.add_item(discord.ui.Button(label=button.label, url=button.url, custom_id=button.custom_id))
    view.stop()
    return view


async def _answer(call: Awaitable[object], *, creates: bool, done: int | None = None) -> Answer:
    """Await one call within our deadline and say what came of it."""
    try:
        async with asyncio.timeout(DEADLINE):
            result = await call
    except discord.RateLimited as error:
        return Wait(error.retry_after)
    except discord.HTTPException as error:
        return _refusal(error, creates)
    except (AmbiguousAnswer, TimeoutError, aiohttp.ClientError, OSError) as error:
        return Unknown(f"{type(error).__name__}: {error}")
    return Sent(done if done is not None else result.id)  # type: ignore[attr-defined]  # a Message or a Thread


def _refusal(error: discord.HTTPException, creates: bool) -> Answer:
    if error.status == 401:
        return Stop("Discord refuses the token (401): set a new DISCORD_TOKEN")
    if error.status >= 500:
        return Unknown(f"HTTP {error.status}")
    # Without Via it is not Discord that answers but the guard before it, which bars our whole address.
    if error.code == BARRED or (error.status == 429 and "Via" not in error.response.headers):
        return Wait(BAN_PAUSE, everywhere=True)
    if error.status == 429 or error.code in WAITS:
        return Wait(WAITS.get(error.code, 60.0))
    if error.code == 10008 and creates and error.status == 400:
        return Refused(error.code, duty(400, 50035), error.text)
    return Refused(error.code or error.status, duty(error.status, error.code), error.text[:200])
