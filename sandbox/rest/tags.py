"""The tags of forums: those on offer, and those that a post wears."""

from __future__ import annotations

from sandbox.checks import check_name
from sandbox.errors import ApiError, invalid, snowflake
from sandbox.model import Channel, Json
from sandbox.permissions import MANAGE_THREADS
from sandbox.rest.call import Call

REQUIRE_TAG = 1 << 4
OFFERED, WORN = 20, 5


def offered(call: Call, wanted: list[Json]) -> list[Json]:
    """Return a forum's new tags; those without an id get one."""
    if len(wanted) > OFFERED:
        raise invalid("available_tags", "BASE_TYPE_MAX_LENGTH", f"Must be {OFFERED} or fewer in length.")
    tags = [_offered(call, f"available_tags.{n}.name", tag) for n, tag in enumerate(wanted)]
    unique_names(tags)
    return tags


def _offered(call: Call, path: str, tag: Json) -> Json:
    return {
        "id": str(tag.get("id") or call.world.ids.next()), "name": check_name(path, tag.get("name"), 20),
        "moderated": bool(tag.get("moderated")), "emoji_id": tag.get("emoji_id"), "emoji_name": tag.get("emoji_name"),
    }  # fmt: skip


def unique_names(tags: list[Json]) -> None:
    """Refuse two tags of one name."""
    names = [tag["name"].casefold() for tag in tags]
    if len(set(names)) < len(names):
        raise ApiError(40061)


def forum_tags(call: Call, channel: Channel, body: Json) -> list[int]:
    """Return the tags that a post is to wear, or refuse them."""
    wanted = [snowflake("applied_tags", t) for t in body.get("applied_tags") or []]
    few_tags(wanted)
    tag_needed(channel, wanted)
    known_tags(channel, wanted)
    moderated_tags(call, channel, wanted)
    return wanted


def few_tags(wanted: list[int]) -> None:
    """Refuse more than five tags on a post."""
    if len(wanted) > WORN:
        raise invalid("applied_tags", "BASE_TYPE_MAX_LENGTH", f"Must be {WORN} or fewer in length.")


def tag_needed(channel: Channel, wanted: list[int]) -> None:
    """Refuse a post without tags where the forum asks for one."""
    if channel.flags & REQUIRE_TAG and not wanted:
        raise ApiError(40067)


def known_tags(channel: Channel, wanted: list[int]) -> None:
    """Refuse tags that the forum does not offer."""
    known = {int(t["id"]) for t in channel.tags}
    if any(t not in known for t in wanted):
        raise ApiError(10087)


def moderated_tags(call: Call, channel: Channel, wanted: list[int]) -> None:
    """Refuse a moderators' tag to who does not manage threads."""
    moderated = {int(t["id"]) for t in channel.tags if t["moderated"]}
    rights = call.world.permissions(channel, call.world.bot_id)
    if moderated & set(wanted) and not rights & MANAGE_THREADS:
        raise ApiError(50013)
