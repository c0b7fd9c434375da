"""Why a story stands where it does, and the stories of a day or week, as answers that only the member sees."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot import render
from bot.chat.access import guild_of, sees
from bot.chat.embeds import within
from bot.chat.failures import guarded
from bot.chat.follow_views import asker_of
from bot.chat.messages import COLOUR
from bot.digest import Digest, Period, digest
from bot.errors import NotFound
from bot.filters import shown
from bot.markdown import clean_line, escape
from bot.model import State, StoredStory
from bot.render import DISCUSSION_PREFIX, WHY_PREFIX
from bot.store import past
from bot.store.tellings import Card
from bot.topics import Verdict
from bot.urls import jump_link
from bot.why import Answer, Why, why
from bot.words import say

REASONS_LIMIT, SAYS_LIMIT = 300, 300

Interaction = discord.Interaction[Any]
Button = discord.ui.Button[discord.ui.View]
_MARKS = {State.LIVE: "✅", State.DEAD: "❌", State.HELD: "⏸️", State.GONE: "🗑️", None: "➖"}
_OURS = re.compile(rf"{DISCUSSION_PREFIX}(\d{{1,18}})")


class WhyButton(discord.ui.DynamicItem[Button], template=rf"{WHY_PREFIX}(?P<story>\d{{1,18}})"):
    """The Why button under a story's card: answers privately why it was posted."""

    def __init__(self, story_id: int) -> None:
        super().__init__(discord.ui.Button(label=say("card.why"), custom_id=f"{WHY_PREFIX}{story_id}"))
        self.story_id = story_id

    @classmethod
    async def from_custom_id(cls, _: Interaction, item: discord.ui.Item[Any], match: re.Match[str]) -> Self:
        """Make the button again from its id."""
        return cls(int(match["story"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Say why."""
        await guarded(interaction, lambda: show_why(interaction, self.story_id))


async def show_why(interaction: Interaction, story_id: int) -> None:
    """Answer with what became of a story in each channel that the asking member may see, and why."""
    guild = guild_of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await why(interaction.client.database, guild, story_id, lambda channel_id: sees(interaction, channel_id))
    await interaction.edit_original_response(embed=why_embed(found))


async def show_digest(interaction: Interaction, period: Period, topic: str) -> None:
    """Answer with the stories of the period."""
    asker, bot = asker_of(interaction), interaction.client
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await digest(bot.database, asker, period, topic, bot.clock.now())
    await interaction.edit_original_response(embed=digest_embed(asker.guild_id, period, found))


async def story_of(interaction: Interaction, message: discord.Message) -> int:
    """Return the story that a message of ours is about; raises ``NotFound`` for any other message."""
    guild, starter = guild_of(interaction), message.reference.message_id if message.reference else None
    is_starter = message.type is discord.MessageType.thread_starter_message
    async with interaction.client.database.read() as tx:
        found = await past.story_of(tx, guild, starter if is_starter and starter else message.id)
    # A card that a command showed is no delivery; its button names the story.
    found = found or (_named(message) if message.author.id == interaction.application_id else None)
    if found is None:
        raise NotFound(say("menu.not_ours"))
    return found


def why_embed(found: Why) -> discord.Embed:
    """Return the answers, channel by channel."""
    lines = [render.title_line(found.stored.story)]
    for answer in found.answers:
        lines += _lines(answer)
    if not found.answers:
        lines.append(say("why.nowhere"))
    return discord.Embed(title=say("why.title"), description=within(lines), colour=COLOUR)


def digest_embed(guild_id: int, period: Period, found: Digest) -> discord.Embed:
    """Return the stories of a period as a list."""
    lines = [_story(guild_id, stored, card) for stored, card in found.shown]
    title = say("digest.today") if period is Period.TODAY else say("digest.week")
    nothing = say("digest.none_so", count=found.at_most) if found.at_most else say("digest.none")
    embed = discord.Embed(title=title, description=within(lines) or nothing, colour=COLOUR)
    if found.count > len(found.shown):
        embed.set_footer(text=say("digest.more", count=found.count - len(found.shown)))
    return embed


def _story(guild_id: int, stored: StoredStory, card: Card | None) -> str:
    title = render.title_line(stored.story)
    if card is not None and card.message_id:
        title = f"**[{render.headline(stored.story)}]({jump_link(guild_id, card.place_id, card.message_id)})**"
    return f"`#{stored.id}` {title} · {render.comment_count(stored)}"


def _lines(answer: Answer) -> list[str]:
    says = answer.says if answer.state is None else escape(clean_line(answer.says))
    says = f"[{says}]({answer.link})" if answer.link else says[:SAYS_LIMIT]
    lines = [f"{_MARKS.get(answer.state, '⏳')} <#{answer.channel_id}>: {says}"]
    if answer.explanation is None:
        return [*lines, f"-# {say('why.unfollowed')}"]
    if not answer.explanation.verdicts:
        lines.append(f"-# {say('why.everything')}")
    lines += [f"-# {_verdict(name, verdict)}" for name, verdict in answer.explanation.verdicts]
    if answer.state is not None and answer.explanation.refused:
        lines.append(f"-# {say('why.filtered_now', reason=answer.explanation.refused)}")
    return lines


def _verdict(name: str, verdict: Verdict) -> str:
    said = escape("; ".join(verdict.reasons))[:REASONS_LIMIT]
    if verdict.match:
        return say("why.fits", topic=name, score=shown(verdict.score), reasons=said)
    return say("why.fits_not", topic=name, score=shown(verdict.score), reasons=said)


def _named(message: discord.Message) -> int | None:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    ids = [str(getattr(child, "custom_id", None)) for row in rows for child in row.children]
    matches = [match for match in map(_OURS.fullmatch, ids) if match]
    return int(matches[0][1]) if matches else None
