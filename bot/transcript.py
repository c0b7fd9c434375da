"""Channels as text for a terminal: who answers whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.markdown import plain

NAME_LIMIT = 60
Message = dict[str, Any]  # JSON of the sandbox's transcript


def as_text(transcript: dict[str, Any]) -> str:
    """Return every channel that has messages; replies name the message that they answer."""
    lines: list[str] = []
    for channel in transcript["channels"]:
        if channel["messages"]:
            lines += [f"#{channel['name']}", *_messages(channel["messages"], "  ")]
    return "\n".join(lines) or "Nothing was posted."


def _messages(messages: list[Message], indent: str) -> Iterator[str]:
    heads = {message["id"]: _first_line(message) for message in messages}
    for message in messages:
        if message["reply_to"]:
            yield f"{indent}↱ answers {heads.get(message['reply_to'], 'a message that is gone')}"
        yield f"{indent}{message['author']}:"
        yield from (f"{indent}  {line}" for line in _text(message).splitlines())
        if message["thread"]:
            yield f"{indent}  Thread: {message['thread']['name']}"
            yield from _messages(message["thread"]["messages"], indent + "    ")
        yield ""


def _text(message: Message) -> str:
    parts = [message["content"]]
    for embed in message["embeds"]:
        parts += [embed.get("title", ""), embed.get("url", ""), embed.get("description", "")]
        parts.append((embed.get("footer") or {}).get("text", ""))
    return "\n".join(part for part in parts if part)


def _first_line(message: Message) -> str:
    first = plain((_text(message).splitlines() or ["(empty)"])[0])
    return first[:NAME_LIMIT]
