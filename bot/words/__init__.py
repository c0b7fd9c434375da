"""The bot's own words: a catalogue per language, and the language that is spoken in the task at hand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from importlib import resources

ENGLISH = "en"
_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def say(key: str, /, **values: object) -> str:
    """Return the text of a key in the language at hand, else in English, with its ``{names}`` filled.

    Where ``count`` is 1 and the catalogue has the text "<key>.one", that is said. Raises ``KeyError`` for a key that
    English lacks: a test looks for that. What was filled in is not looked through again.
    """
    text = _find(key, _language.get(), values) or _find(key, ENGLISH, values)
    if text is None:
        raise KeyError(key)
    return text.format_map(values) if values else text


def announce(key: str, /, **values: object) -> str:
    """Return a text as ``say`` does, in English: for a whole server, whoever's command led to it."""
    asked = _language.set(ENGLISH)
    try:
        return say(key, **values)
    finally:
        _language.reset(asked)


def told(key: str, language: str) -> str | None:
    """Return the text of a key in one language, or None where that lacks it."""
    return catalogue(language).get(key)


def languages() -> list[str]:
    """Return the languages that there is a catalogue of, as Discord writes them: "en", "de", "pt-BR"."""
    files = resources.files(__package__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def speak(language: str) -> None:
    """Speak a language in this task from now on, as Discord names it ("en-GB", "de"); an unknown one is English."""
    known = languages_known()
    _language.set(next((name for name in (language, language.split("-", maxsplit=1)[0]) if name in known), ENGLISH))


@cache
def languages_known() -> frozenset[str]:
    """Return ``languages()``, looked up once."""
    return frozenset(languages())


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return all texts of a language by their dotted keys; empty for a language that there is none of."""
    if language not in languages_known():
        return {}
    text = resources.files(__package__).joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return dict(_flat(tomllib.loads(text)))


def _find(key: str, language: str, values: Mapping[str, object]) -> str | None:
    texts = catalogue(language)
    one = texts.get(f"{key}.one") if values.get("count") == 1 else None
    return one or texts.get(key)


def _flat(tables: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
