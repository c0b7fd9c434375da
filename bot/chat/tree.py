"""The commands' tree: what holds for every command, and their texts in the member's language."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.words import catalogue, speak, told

Interaction = discord.Interaction[Any]


class Tree(app_commands.CommandTree[Any]):
    """Answers people alone, each in their own language."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Go on with a command or its suggestions for a member; bots and webhooks get no answer."""
        speak(interaction.locale.value)
        return not interaction.user.bot


class Translator(app_commands.Translator):
    """Gives Discord the texts of commands in every language that there is a catalogue of."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return a command's text in a language, None where it has none of its own."""
        key = string.extras.get("key")
        if key is None:
            return None
        text = told(key, locale.value) or told(key, locale.value.split("-")[0])
        return None if text == string.message else text  # Discord shows the English one where there is no other


def mention(client: Any, name: str) -> str:
    """Return a command as people can press it, ``</name:id>``; plain where its id is not known yet."""
    number = client.command_ids.get(name.split(" ", maxsplit=1)[0])
    return f"</{name}:{number}>" if number else f"`/{name}`"


def word(key: str) -> app_commands.locale_str:
    """Return a command's text, in English and to be translated; raises ``KeyError`` for one that English lacks."""
    return app_commands.locale_str(catalogue("en")[key], key=key)
