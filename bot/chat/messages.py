"""Our posts as discord.py's embeds and views, and our own messages recognised among Discord's."""

from __future__ import annotations

import re
from datetime import datetime

import discord

from bot.post import Embed, Post
from bot.render import CONTINUED

OWN_TYPES = (discord.MessageType.default, discord.MessageType.reply)
COLOUR = discord.Colour(0x3A6EA5)


def embed_of(embed: Embed | None) -> discord.Embed | None:
    """Return our embed as discord.py's."""
    if embed is None:
        return None
    text = embed.description or None
    result = discord.Embed(title=embed.title, url=embed.url, description=text, colour=_colour(embed))
    if embed.timestamp:
        result.timestamp = datetime.fromisoformat(embed.timestamp)
    if embed.author:
        result.set_author(name=embed.author)
    if embed.footer:
        result.set_footer(text=embed.footer)
    if embed.image_url:
        result.set_image(url=embed.image_url)
    return result


def _colour(embed: Embed) -> discord.Colour:
    return COLOUR if embed.colour is None else discord.Colour(embed.colour)


def mentions_of(post: Post) -> discord.AllowedMentions:
    """Return who may be notified: nobody but the one role that an admin chose."""
    roles = [discord.Object(post.role_id)] if post.role_id else False
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


def view_of(post: Post) -> discord.ui.View | None:
    """Return the buttons; without a running view behind them, as dynamic items answer them for ever."""
    if not post.buttons:
        return None
    view = discord.ui.View(timeout=None)
    for button in post.buttons:
        view.add_item(discord.ui.Button(label=button.label, url=button.url, custom_id=button.custom_id))
    view.stop()
    return view


def says(client: discord.Client, message: discord.Message, post: Post) -> bool:
    """Tell whether a message is ours and says what a post says, whatever revision of it."""
    own = client.user is not None and message.author.id == client.user.id
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
