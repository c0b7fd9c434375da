"""Webhooks over REST: make, change and delete them, and write through them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from sandbox.checks import check_name
from sandbox.errors import ApiError, invalid, snowflake
from sandbox.message_json import message_json
from sandbox.model import FORUMS, PUBLIC_THREAD, Channel, Json, Message, Webhook
from sandbox.objects import user_json
from sandbox.permissions import MANAGE_WEBHOOKS
from sandbox.rest import followups
from sandbox.rest.call import NO_CONTENT, Call, Handler, Reply, Route
from sandbox.rest.followups import awaited
from sandbox.rest.guard import need
from sandbox.rest.payload import apply_edit, draft_of
from sandbox.world_messages import Draft

FORBIDDEN_NAMES = re.compile("clyde|discord", re.IGNORECASE)


def hook_name(path: str, name: object) -> str:
    """Return a webhook's name, which must not pass for Discord's own."""
    text = check_name(path, name, 80)
    if FORBIDDEN_NAMES.search(text):
        raise invalid(path, "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{text.lower()}"')
    return text


def hook_room(call: Call, channel: Channel) -> None:
    """Refuse another webhook where there are as many as may be."""
    if len(call.world.channel_webhooks(channel.id)) >= call.world.limits.webhooks:
        raise ApiError(30007)


def by_token(call: Call) -> Webhook:
    """Return the webhook of the path, if the path has its token too."""
    webhook = call.world.get_webhook(call.id("webhook_id"))
    if call.params["webhook_token"] != webhook.token:
        raise ApiError(50027)
    return webhook


def by_right(call: Call) -> Webhook:
    """Return the webhook of the path, if the bot manages webhooks in its channel."""
    webhook = call.world.get_webhook(call.id("webhook_id"))
    need(call, call.world.get_channel(webhook.channel_id), MANAGE_WEBHOOKS)
    return webhook


def webhook_json(call: Call, webhook: Webhook, *, by_token: bool = False) -> Json:
    """Return a webhook object; who comes with the token is not told who made it."""
    data: Json = {
        "id": str(webhook.id), "type": 1, "name": webhook.name, "avatar": webhook.avatar,
        "channel_id": str(webhook.channel_id), "guild_id": str(webhook.guild_id), "token": webhook.token,
        "application_id": str(call.world.bot_id), "url": f"https://discord.com/api/webhooks/{webhook.id}/{webhook.token}",
    }  # fmt: skip
    return data if by_token else data | {"user": user_json(call.world.users[webhook.user_id])}


async def create(call: Call) -> Reply:
    """POST /channels/{id}/webhooks."""
    channel = call.channel()
    need(call, channel, MANAGE_WEBHOOKS)
    if channel.thread is not None or channel.guild_id is None:
        raise ApiError(50024)
    name = hook_name("name", call.fields().get("name"))
    hook_room(call, channel)
    return Reply(200, webhook_json(call, call.world.add_webhook(channel, name, call.world.bot_id)))


async def of_channel(call: Call) -> Reply:
    """GET /channels/{id}/webhooks."""
    channel = call.channel()
    need(call, channel, MANAGE_WEBHOOKS)
    return Reply(200, [webhook_json(call, w) for w in call.world.channel_webhooks(channel.id)])


async def of_guild(call: Call) -> Reply:
    """GET /guilds/{id}/webhooks: those in channels where the bot manages webhooks."""
    guild_id, world = call.id("guild_id"), call.world
    if guild_id not in world.guilds:
        raise ApiError(10004)
    found = [w for w in world.webhooks.values() if w.guild_id == guild_id]
    mine = [w for w in found if world.permissions(world.get_channel(w.channel_id), world.bot_id) & MANAGE_WEBHOOKS]
    return Reply(200, [webhook_json(call, w) for w in mine])


def _looker(find: Callable[[Call], Webhook], by_token: bool) -> Handler:
    async def look(call: Call) -> Reply:
        return Reply(200, webhook_json(call, find(call), by_token=by_token))

    return look


def _changer(find: Callable[[Call], Webhook], by_token: bool) -> Handler:
    async def change(call: Call) -> Reply:
        webhook, body = find(call), call.fields()
        webhook.name = hook_name("name", body.get("name", webhook.name))
        if "channel_id" in body and not by_token:
            target = call.world.get_channel(snowflake("channel_id", body["channel_id"]))
            need(call, target, MANAGE_WEBHOOKS)
            webhook.channel_id = target.id
        call.world.webhooks_changed(webhook)
        return Reply(200, webhook_json(call, webhook, by_token=by_token))

    return change


def _deleter(find: Callable[[Call], Webhook]) -> Handler:
    async def delete(call: Call) -> Reply:
        call.world.delete_webhook(find(call))
        return NO_CONTENT

    return delete


async def execute(call: Call) -> Reply:
    """POST through a webhook: into its channel, a thread of it, or a new forum post."""
    webhook, body, world = by_token(call), call.fields(), call.world
    draft = draft_of(call, world.get_channel(webhook.channel_id), body, check=False)
    # A webhook answers nobody and knows no nonce: a repeated request is a second message.
    draft.nonce = None
    draft.author_id = webhook.id
    draft.webhook_name = hook_name("username", body.get("username") or webhook.name)
    message = world.post(_target(call, webhook, body, draft), draft)
    return Reply(200, message_json(world, message)) if awaited(call) else NO_CONTENT


def _target(call: Call, webhook: Webhook, body: Json, draft: Draft) -> Channel:
    channel = call.world.get_channel(webhook.channel_id)
    thread_id, name = call.query.get("thread_id"), body.get("thread_name")
    post_or_thread(channel, thread_id, name)
    if thread_id:
        return own_thread(channel, call.world.get_channel(snowflake("thread_id", thread_id)))
    if not name:
        return channel
    title = check_name("thread_name", name)
    post = call.world.start_thread(channel, title, webhook.id, kind=PUBLIC_THREAD)
    draft.id = post.id
    return post


def post_or_thread(channel: Channel, thread_id: str | None, name: str | None) -> None:
    """Refuse a forum without a place to write, and a post's name anywhere else."""
    if channel.type in FORUMS and not thread_id and not name:
        raise ApiError(220001, message="Webhooks posted to forum channels must have a thread_name or thread_id")
    if name and channel.type not in FORUMS:
        raise ApiError(220003, message="Webhooks can only create threads in forum channels")


def own_thread(channel: Channel, thread: Channel) -> Channel:
    """Return the thread, if it is one of the webhook's own channel."""
    if thread.thread is None or thread.parent_id != channel.id:
        raise ApiError(10003)
    return thread


def written(call: Call) -> Message:
    """Return the message of the path, if this webhook wrote it."""
    webhook, world = by_token(call), call.world
    place = call.query.get("thread_id") or webhook.channel_id
    message = world.get_message(snowflake("thread_id", place), call.id("message_id"))
    if message.author_id != webhook.id:
        raise ApiError(10008)
    return message


async def look_message(call: Call) -> Reply:
    """GET what the webhook wrote."""
    return Reply(200, message_json(call.world, written(call)))


async def edit_message(call: Call) -> Reply:
    """PATCH what the webhook wrote."""
    message = written(call)
    apply_edit(call, call.world.get_channel(message.channel_id), message, call.fields())
    call.world.edited(message)
    return Reply(200, message_json(call.world, message))


async def delete_message(call: Call) -> Reply:
    """DELETE what the webhook wrote."""
    call.world.delete_message(written(call))
    return NO_CONTENT


def _either(interaction: Handler, webhook: Handler) -> Handler:
    """The same address serves interactions (the id is the bot's) and webhooks."""

    def handle(call: Call) -> Awaitable[Reply]:
        return (interaction if call.id("webhook_id") == call.world.bot_id else webhook)(call)

    return handle


CHANNEL, HOOK = "/channels/{channel_id}/webhooks", "/webhooks/{webhook_id}"
TOKEN = HOOK + "/{webhook_token}"
MESSAGE = TOKEN + "/messages/{message_id}"
ROUTES = [
    *followups.ROUTES,
    Route("POST", CHANNEL, create),
    Route("GET", CHANNEL, of_channel),
    Route("GET", "/guilds/{guild_id}/webhooks", of_guild),
    Route("GET", HOOK, _looker(by_right, False)),
    Route("PATCH", HOOK, _changer(by_right, False)),
    Route("DELETE", HOOK, _deleter(by_right)),
    Route("GET", TOKEN, _looker(by_token, True), auth=False),
    Route("PATCH", TOKEN, _changer(by_token, True), auth=False),
    Route("DELETE", TOKEN, _deleter(by_token), auth=False),
    Route("POST", TOKEN, _either(followups.follow_up, execute), auth=False),
    Route("GET", MESSAGE, _either(followups.look, look_message), auth=False),
    Route("PATCH", MESSAGE, _either(followups.edit, edit_message), auth=False),
    Route("DELETE", MESSAGE, _either(followups.delete, delete_message), auth=False),
]
