"""Every failure of a command, button, select or modal ends here: one helpful sentence, and a reference for the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import discord
from discord import app_commands

from bot.errors import RendezvousError, SourceError, StoreError, as_sentence
from bot.words import say, speak

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062


def sentence(error: BaseException) -> str | None:
    """Return what to tell the user, or None when the error is ours and needs a reference."""
    if isinstance(error, StoreError):
        log.error("the database failed: %s", error)  # it names paths, which are the operator's alone
        return say("refusal.memory")
    if isinstance(error, SourceError):
        return as_sentence(error)
    if isinstance(error, RendezvousError):
        return str(error)
    if isinstance(error, app_commands.CommandOnCooldown):
        return say("refusal.quick", seconds=max(1, round(error.retry_after)))
    if isinstance(error, app_commands.MissingPermissions):
        return say("refusal.only_managers")
    if isinstance(error, app_commands.NoPrivateMessage):
        return say("refusal.server_only")
    if isinstance(error, app_commands.TransformerError):
        return say("refusal.value")
    return None


async def answer(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Answer the user, whatever state the interaction is in, and log what is ours."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, discord.NotFound) and cause.code == UNKNOWN_INTERACTION:
        log.warning("answered too late interaction=%d", interaction.id)
        return
    text = sentence(cause)
    if text is None:
        reference = secrets.token_hex(3)
        log.error("command failed reference=%s", reference, exc_info=cause)
        text = say("refusal.ours", reference=reference)
    with suppress(discord.HTTPException):
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            await interaction.edit_original_response(content=text)
        elif interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)


async def guarded(interaction: discord.Interaction[Any], work: Callable[[], Awaitable[None]]) -> None:
    """Run a button's work: dynamic items have no error handler of their own."""
    speak(interaction.locale.value)
    try:
        await work()
    except Exception as error:  # noqa: BLE001  # one of the five places that may; it is answered and logged
        await answer(interaction, error)
