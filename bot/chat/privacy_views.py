"""What is kept about a member, in words, and the button that forgets it, which only that member can press."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import discord

from bot import privacy
from bot.chat.failures import guarded
from bot.chat.messages import COLOUR
from bot.errors import NotFound
from bot.privacy import Kept
from bot.words import say

PREFIX = "privacy:forget:"
MOST_CHANNELS = 20  # a field of an embed holds 1,024 characters
Button = discord.ui.Button[discord.ui.View]


class ForgetButton(discord.ui.DynamicItem[Button], template=rf"{PREFIX}(?P<user>\d{{1,20}})"):
    """Forgets the member whose id it carries; works across restarts, and for nobody else."""

    def __init__(self, user_id: int) -> None:
        style = discord.ButtonStyle.danger
        super().__init__(discord.ui.Button(label=say("privacy.confirm"), style=style, custom_id=f"{PREFIX}{user_id}"))
        self.user_id = user_id

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button again from its id."""
        return cls(int(match["user"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Forget."""
        await guarded(interaction, lambda: _forget(interaction, self.user_id))


def kept_embed(kept: Kept, seen: Sequence[int] = ()) -> discord.Embed:
    """Return what is kept about a member, how long, and what is not; ``seen`` are channels where messages are kept."""
    lines = [f"• {_named(name, number)}{_here(kept, name)}" for name, number in kept.everywhere.items()]
    about = "\n".join(lines) or say("privacy.nothing")
    embed = discord.Embed(title=say("privacy.title"), description=about, colour=COLOUR)
    embed.add_field(name=say("privacy.why"), value=say("privacy.reasons"), inline=False)
    where = ", ".join(f"<#{channel_id}>" for channel_id in seen[:MOST_CHANNELS])
    told = say("privacy.listening", channels=where) if where else say("privacy.not_listening")
    embed.add_field(name=say("privacy.messages"), value=told, inline=False)
    embed.add_field(name=say("privacy.never"), value=say("privacy.not_kept"), inline=False)
    return embed


def question(kept: Kept, user_id: int) -> tuple[discord.Embed, discord.ui.View]:
    """Return what would be forgotten and what would stay, with the button that does it."""
    embed = discord.Embed(title=say("privacy.question"), description=_becomes(kept.everywhere), colour=COLOUR)
    view = discord.ui.View(timeout=None)
    view.add_item(ForgetButton(user_id))
    view.stop()
    return embed, view


def _becomes(kept: Mapping[str, int]) -> str:
    goes = [_named(name, number) for name, number in kept.items() if name in ("follows", "replies")]
    stays = [_named(name, number) for name, number in kept.items() if name not in ("follows", "replies")]
    lines = [say("privacy.goes", what=", ".join(goes))] if goes else []
    lines += [say("privacy.stays", what=", ".join(stays))] if stays else []
    lines += [say("privacy.again")] if "replies" in kept else []
    return "\n".join([*lines, say("privacy.discords")])


async def _forget(interaction: discord.Interaction[Any], user_id: int) -> None:
    if interaction.user.id != user_id:
        raise NotFound(say("privacy.not_yours"))
    touched = await privacy.forget(interaction.client.database, user_id)
    text = _becomes(touched) if touched else say("privacy.nothing")
    embed = discord.Embed(title=say("privacy.forgotten"), description=text, colour=COLOUR)
    await interaction.response.edit_message(embed=embed, view=None)


def _here(kept: Kept, name: str) -> str:
    here = kept.here.get(name, 0)
    return "" if here == kept.everywhere[name] else f" ({say('privacy.here', count=here)})"


def _named(name: str, count: int) -> str:
    """Say how many there are of a kind; every kind of ``bot.store.privacy`` has its words."""
    words = {
        "follows": say("privacy.follows", count=count),
        "replies": say("privacy.replies", count=count),
        "fetched": say("privacy.fetched", count=count),
        "channels": say("privacy.channels", count=count),
        "sources": say("privacy.sources", count=count),
        "topics": say("privacy.topics", count=count),
        "notices": say("privacy.notices", count=count),
    }
    return words[name]
