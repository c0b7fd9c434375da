"""The catalogue of the bot's own words: complete, without leftovers, and spoken in each member's language."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import discord
import pytest
from discord import app_commands

from bot import words
from bot.chat.tree import Translator, word
from bot.words import catalogue, languages, say, speak

ROOT = Path(__file__).resolve().parents[1]
COMMAND_LIMIT = 100


def calls():
    """Yield each call of ``say``, ``announce`` and ``word``, with where it stands."""
    for room in ("bot", "cogs"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = getattr(getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", None))
                if isinstance(node, ast.Call) and name in ("say", "announce", "word") and node.args:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def keys_said():
    """Return where each key is said, with the names that are given for it."""
    found = {}
    for where, node in calls():
        first = node.args[0]
        options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
        for option in options:
            if isinstance(option, ast.Constant) and isinstance(option.value, str):
                given = {keyword.arg for keyword in node.keywords}
                found.setdefault(option.value, []).append((where, given))
    return found


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_key_that_is_said_is_in_the_english_catalogue():
    missing = {key: where for key, where in keys_said().items() if key not in catalogue("en")}
    assert missing == {}


def test_every_text_of_the_catalogue_is_said_somewhere():
    source = "\n".join(path.read_text() for room in ("bot", "cogs") for path in (ROOT / room).rglob("*.py"))
    source = source.replace("'", '"')  # within an f-string a key stands in single ones
    unused = [key for key in catalogue("en") if f'"{key.removesuffix(".one")}"' not in source]
    assert unused == []


def test_what_a_text_leaves_open_is_given_where_it_is_said():
    english, wrong = catalogue("en"), []
    for key, places in keys_said().items():
        for text in (english.get(key, ""), english.get(f"{key}.one", "")):
            wrong += [(where, key) for where, given in places if None not in given and not holes(text) <= given]
    assert wrong == []


@pytest.mark.parametrize("language", languages())
def test_each_language_leaves_the_same_open_as_english(language):
    english = catalogue("en")
    for key, text in catalogue(language).items():
        assert key in english, f"{key} is a text of no command or answer"
        assert holes(text) == holes(english[key]), key


def test_no_text_of_a_command_is_longer_than_discord_takes():
    for language in languages():
        for key, text in catalogue(language).items():
            if key.startswith("command."):
                assert 1 <= len(text) <= COMMAND_LIMIT, (language, key, len(text))


@pytest.mark.asyncio
async def test_a_language_is_one_file(tmp_path, monkeypatch):
    key = next(iter(catalogue("en")))
    folder = Path(words.__file__).parent
    for file in folder.glob("*.toml"):
        (tmp_path / file.name).write_text(file.read_text())
    area, _, name = key.partition(".")
    (tmp_path / "xx.toml").write_text(f'[{area}]\n"{name}" = "zzz"\n')
    monkeypatch.setattr(words.resources, "files", lambda _: tmp_path)
    words.catalogue.cache_clear()
    words.languages_known.cache_clear()
    try:
        speak("xx-YY")
        values = dict.fromkeys(holes(catalogue("en")[key]), "")
        assert say(key, **values) == "zzz"
        other = next(other for other in catalogue("en") if other != key and not holes(catalogue("en")[other]))
        assert say(other) == catalogue("en")[other]
    finally:
        monkeypatch.undo()
        words.catalogue.cache_clear()
        words.languages_known.cache_clear()
        speak("en")


@pytest.mark.asyncio
async def test_the_translator_gives_discord_what_a_language_has(monkeypatch):
    key = next(iter(catalogue("en")))
    monkeypatch.setattr(
        "bot.chat.tree.told", lambda wanted, language: "wort" if (wanted, language) == (key, "de") else None
    )
    context = app_commands.TranslationContext(app_commands.TranslationContextLocation.command_description, data=None)
    german, french = discord.Locale.german, discord.Locale.french
    assert await Translator().translate(word(key), german, context) == "wort"
    assert await Translator().translate(word(key), french, context) is None
    assert await Translator().translate(app_commands.locale_str("Bare"), german, context) is None


def test_a_key_that_english_lacks_is_an_error():
    with pytest.raises(KeyError):
        say("no.such.key")


def test_what_is_filled_in_is_not_looked_through_again():
    text = say("refusal.server_only")
    assert "{" not in text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "catalogue", lambda _: {"a.b": "Hello {name}", "a.b.one": "One {name}"})
        assert say("a.b", name="{count}{0.__class__}", count=2) == "Hello {count}{0.__class__}"
        assert say("a.b", name="x", count=1) == "One x"
