"""How a channel's cards look: their colour, the role they mention, and the template above them, filled once. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot import markdown, render
from bot.errors import BadOption
from bot.markdown_escape import clean
from bot.model import StoredStory
from bot.options import Looks
from bot.post import Post
from bot.words import say

TEMPLATE_LIMIT = 1000
CONTENT_LIMIT = 2000
SUMMARY_LIMIT = 300
TITLE_LIMIT = 256
TEST_SIGN = "🧪"
PLACEHOLDERS = (
    "title", "url", "site", "author", "summary", "topic", "source", "published", "comments", "role",
)  # fmt: skip
COLOURS = {
    "blue": 0x3498DB, "blurple": 0x5865F2, "brown": 0x8B5A2B, "gold": 0xF1C40F, "green": 0x2ECC71, "grey": 0x95A5A6,
    "orange": 0xE67E22, "pink": 0xEB459E, "purple": 0x9B59B6, "red": 0xE74C3C, "teal": 0x1ABC9C, "white": 0xFFFFFF,
    "yellow": 0xFEE75C,
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{([^{}\n]{1,40})\}")
_HEX = re.compile(r"#?([0-9a-f]{6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a template may say of a story beside the story itself: the topics that it fits, and who told of it."""

    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def dressed(post: Post, looks: Looks, stored: StoredStory, facts: Facts, *, ping: bool = False) -> Post:
    """Return a story's card as a channel wants it; ``ping`` has the role notified, else it is only named.

    The template stands above the card. Where the card itself is text it stands below: a message is found again by
    the address in its first line.
    """
    embed = post.embed and replace(post.embed, colour=looks.colour)
    room = CONTENT_LIMIT - markdown.units(post.content) - 1
    text = _text(looks, stored, facts, room)
    content = "\n".join(filter(None, (post.content, text)))
    role = looks.role_id if ping and looks.role_id and f"<@&{looks.role_id}>" in text else None
    return replace(post, content=content, embed=embed, role_id=role)


def as_test(post: Post, mark: str) -> Post:
    """Return a card as a test that is never taken for the story's own: it has no address, and says what it is."""
    content = "\n".join(filter(None, (f"-# {mark}", markdown.excerpt(post.content, CONTENT_LIMIT - len(mark) - 8))))
    # Where the story has no address its card is known by its title, which therefore must be another one here.
    embed = post.embed and replace(
        post.embed, url=None, title=markdown.excerpt(f"{TEST_SIGN} {post.embed.title}", TITLE_LIMIT)
    )
    buttons = tuple(button for button in post.buttons if button.url is None)
    return replace(post, content=content, embed=embed, buttons=buttons, permalink=None, role_id=None)


def template(text: str) -> str:
    """Return a template as it is kept; raises ``BadOption`` for one that is too long."""
    text = clean(text).strip()
    if len(text) > TEMPLATE_LIMIT:
        raise BadOption(say("looks.too_long", most=TEMPLATE_LIMIT, count=len(text)))
    return text


def unknown(text: str) -> tuple[str, ...]:
    """Return what looks like a placeholder of a template and is none: it stays as it is."""
    return tuple(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS))


def colour(text: str) -> int:
    """Return a colour of its name or of ``#rrggbb``; raises ``BadOption``."""
    name = text.strip().casefold()
    if name in COLOURS:
        return COLOURS[name]
    match = _HEX.fullmatch(name)
    if match is None:
        raise BadOption(say("looks.no_colour", names=", ".join(COLOURS)))
    return int(match[1], 16)


def shown_colour(value: int) -> str:
    """Return a colour as people read it."""
    return next((name for name, known in COLOURS.items() if known == value), f"#{value:06x}")


def needs(looks: Looks, name: str) -> bool:
    """Tell whether a template asks for a placeholder, so that nobody finds out in vain."""
    return f"{{{name}}}" in looks.template


def _text(looks: Looks, stored: StoredStory, facts: Facts, room: int) -> str:
    """Fill the template in one pass: what was filled in is never looked at again, and nothing in it is evaluated."""
    wanted = looks.template
    if looks.role_id and not needs(looks, "role"):
        wanted = f"{{role}} {wanted}".strip()
    values = _values(looks, stored, facts)
    parts, at = list[str](), 0
    for match in [*_PLACEHOLDER.finditer(wanted), None]:
        literal = wanted[at : match.start() if match else None]
        parts.append(literal)
        if match:
            parts.append(values.get(match[1], match[0]))
            at = match.end()
    return _fitting(parts, room)


def _fitting(parts: list[str], room: int) -> str:
    """Join as many parts as there is room for; the last one is cut as Markdown is."""
    text = ""
    for part in parts:
        left = room - markdown.units(text)
        if markdown.units(part) > left:
            return (text + (markdown.excerpt(part, left) if left > 1 else "")).rstrip()
        text += part
    return text.strip()


def _values(looks: Looks, stored: StoredStory, facts: Facts) -> dict[str, str]:
    story = stored.story
    link = render.short_link(story.url)
    return {
        "title": render.headline(story),
        "url": f"<{link}>" if link else "",
        "site": render.member_name(story.site) if story.site else "",
        "author": render.member_name(story.author) if story.author else "",
        "summary": markdown.excerpt(story.summary, SUMMARY_LIMIT),
        "topic": ", ".join(map(markdown.escape, facts.topics)),
        "source": ", ".join(map(render.member_name, facts.sources)),
        "published": f"<t:{int(story.published_at.timestamp())}:f>" if story.published_at else "",
        "comments": render.comment_count(stored),
        "role": f"<@&{looks.role_id}>" if looks.role_id else "",
    }
