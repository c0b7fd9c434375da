"""The example site in the page's panel: write, edit and delete there, and find what the bot made of it."""

from __future__ import annotations

from typing import Any, Protocol

from aiohttp import web

from sandbox.example_json import moment, slug
from sandbox.example_site import NAME, ExampleSite, Post
from sandbox.model import THREADS, Channel, Json, Message
from sandbox.page_events import PageEvents
from sandbox.page_http import number, read_body
from sandbox.permissions import VIEW_CHANNEL
from sandbox.world import World
from sandbox.world_base import Event


class Box(Protocol):
    """What the panel needs from the sandbox; ``site`` is None where no example site runs."""

    site: ExampleSite | None

    @property
    def world(self) -> World: ...
    @property
    def page_events(self) -> PageEvents: ...


class SitePage:
    """The handlers of the panel."""

    def __init__(self, box: Any) -> None:
        self._box: Box = box

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Send all stories with their comments, newest story first."""
        return web.json_response(site_json(self._site))

    async def mirror(self, request: web.Request) -> web.StreamResponse:
        """Tell where the bot posted a story: its channel and its thread, null while there is none."""
        story = self._site.stories.get(int(request.match_info["story"]))
        if story is None:
            raise LookupError("this story")
        address = f"{self._site.url}t/{slug(story)}/{story.id}"
        return web.json_response(_mirror(self._box.world, address))

    async def story(self, request: web.Request) -> web.StreamResponse:
        """Publish a story."""
        body = await read_body(request)
        story = self._site.add_story(str(body["title"]), str(body["text"]))
        return web.json_response({"id": story.id})

    async def comment(self, request: web.Request) -> web.StreamResponse:
        """Write a comment or a reply."""
        body = await read_body(request)
        answers = number(body.get("answers"))
        post = self._site.add_comment(int(body["story"]), str(body["text"]), str(body["author"]), answers)
        return web.json_response({"id": post.id})

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """Change a text, or a story with its headline."""
        body = await read_body(request)
        self._site.edit(int(body["post"]), str(body["text"]), body.get("title"))
        return web.json_response({})

    async def remove(self, request: web.Request) -> web.StreamResponse:
        """Delete a comment, or withdraw a story."""
        body = await read_body(request)
        self._site.delete(int(body["post"]))
        return web.json_response({})

    async def check(self, request: web.Request) -> web.StreamResponse:
        """Let the bot look at the site now, though nothing changed."""
        await read_body(request)
        self._site.wake()
        return web.json_response({})

    @property
    def _site(self) -> ExampleSite:
        if self._box.site is None:
            raise LookupError("no example site runs here")
        return self._box.site


def announce(site: ExampleSite, events: PageEvents) -> None:
    """Tell the open pages that the site changed."""
    events.on_event(Event("SITE_UPDATE", site_json(site), None))


def site_json(site: ExampleSite) -> Json:
    """Return the site as the panel draws it."""
    stories = sorted(site.stories.values(), key=lambda story: story.id, reverse=True)
    return {
        "name": NAME,
        "url": site.url,
        "stories": [
            {"id": story.id, "title": story.title, "slug": slug(story), "posts": [_post(post) for post in story.posts]}
            for story in stories
        ],
    }


def _post(post: Post) -> Json:
    return {
        "id": post.id, "number": post.number, "author": post.author, "text": post.shown, "deleted": post.deleted,
        "answers": post.answers, "edited": post.version > 1, "created_at": moment(post.created_at),
    }  # fmt: skip


def _mirror(world: World, address: str) -> Json:
    """Find the bot's card of a story by its address; of several, the one that most people see and can answer to."""
    found = [
        (world.channels[channel_id], message)
        for channel_id, messages in world.messages.items()
        for message in messages.values()
        if world.channels[channel_id].guild_id is not None and _is_card(world, message, address)
    ]
    if not found:
        return {"channel": None, "thread": None}
    channel, message = max(found, key=lambda card: _nearness(world, *card))
    return _place(world, channel.id, message.id)


def _is_card(world: World, message: Message, address: str) -> bool:
    """Whether the bot posted a story with this message; answers to commands are no cards."""
    own = message.author_id == world.bot_id and message.interaction is None
    return own and any(embed.get("url") == address for embed in message.embeds)


def _nearness(world: World, channel: Channel, message: Message) -> tuple[int, bool, bool, int]:
    """Rank a card: seen by more people, with an open thread, with any thread, newer."""
    seen = sum(bool(world.permissions(channel, user_id) & VIEW_CHANNEL) for user_id in world.users)
    thread = channel if channel.type in THREADS else world.channels.get(message.id)
    state = thread.thread if thread is not None else None
    is_open = state is not None and not state.archived and not state.locked
    return seen, is_open, state is not None, message.id


def _place(world: World, channel_id: int, message_id: int) -> Json:
    channel = world.channels[channel_id]
    if channel.type in THREADS:  # a forum's post has its card inside
        return {"channel": str(channel.parent_id), "thread": str(channel_id)}
    return {"channel": str(channel_id), "thread": str(message_id) if message_id in world.channels else None}
