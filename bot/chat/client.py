"""The bot as Discord sees it: intents, cogs, command sync, error handling, and moderators' deletions."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from datetime import datetime, timedelta
from typing import Any

import discord
import yarl
from discord.ext import commands

from bot import alarms
from bot.chat import about_views, failures
from bot.chat.breaker import recent, wait_before_identify
from bot.chat.buckets import LONGEST_REFUSAL, LONGEST_WAIT, Buckets
from bot.chat.follow_sender import FollowSender
from bot.chat.messenger import DiscordMessenger
from bot.chat.notices import NoticeSender
from bot.chat.pacing import Pacer
from bot.chat.trace import Trace
from bot.chat.tree import Translator, Tree
from bot.chat.views import DISCUSSION_ITEMS
from bot.chores import Chores
from bot.clock import Clock
from bot.deliver import SETTLE, Deliverer
from bot.http import Web
from bot.poll import Poller
from bot.previews import Desk
from bot.setup import Setups
from bot.sources.kinds import Kinds
from bot.starter import STARTERS
from bot.store import history, meta, removals, subscriptions
from bot.store.database import Database, Transaction

log = logging.getLogger(__name__)

EXTENSIONS = tuple(
    f"cogs.{name}"
    for name in ("stories", "channels", "topics", "sources", "setup", "about", "menus", "replies", "privacy")
)
REFUSED_LIMIT = 20


class Rendezvous(commands.AutoShardedBot):
    """One connected bot. ``gave_up`` is set when it must be restarted by its supervisor, after a wait.

    ``embedded``: it runs against a sandbox that may have forgotten the commands that this database remembers.
    ``content``: it asks for what members write, which the application must be allowed to have.
    """

    def __init__(
        self,
        database: Database,
        web: Web,
        clock: Clock,
        kinds: Kinds,
        *,
        embedded: bool = False,
        settle: timedelta = SETTLE,
        content: bool = False,
    ) -> None:
        # We never speak, so that the lack of voice libraries is nothing to warn of.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        trace = Trace(clock.now)
        trace_config = trace.config()
        Pacer(clock).watch(trace_config)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True, guild_messages=True, message_content=content),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=trace_config,
            max_ratelimit_timeout=LONGEST_WAIT,
            # The embedded sandbox has one server: there is nothing more to wait for.
            guild_ready_timeout=0.1 if embedded else 2.0,
        )
        self.database, self.web, self.clock, self.kinds = database, web, clock, kinds
        buckets = Buckets(self.http)
        messenger = DiscordMessenger(self, trace)
        self.deliverer = Deliverer(database, messenger, clock, settle=settle, resting=lambda: buckets.resting)
        buckets.on_rest = self.deliverer.make_room
        self.chores = Chores(database, messenger, clock)
        self.poller = Poller(database, web, kinds, clock, on_promised=self.deliverer.wake)
        self.notices = NoticeSender(self, database, clock)
        self.follows = FollowSender(self, database, clock, messenger)
        self.desk = Desk()
        self.setups = Setups()
        self.starters = STARTERS
        self.started_at = clock.now()
        self.command_ids: dict[str, int] = {}
        self.gave_up = asyncio.Event()
        self._embedded = embedded
        self._refused = 0
        self._greetings = commands.CooldownMapping.from_cooldown(2, 10.0, commands.BucketType.channel)
        self.tree.error(failures.answer)

    async def setup_hook(self) -> None:
        """Load the cogs and send the commands to Discord when they changed."""
        await self.tree.set_translator(Translator())
        for extension in EXTENSIONS:
            await self.load_extension(extension)
        self.add_dynamic_items(*DISCUSSION_ITEMS)
        await self._sync_when_changed()
        # Login and sync had patience; from now on whoever is refused comes back later and lets others go first.
        self.http.max_ratelimit_timeout = LONGEST_REFUSAL

    async def _sync_when_changed(self) -> None:
        translator = self.tree.translator
        assert translator is not None, "set before the cogs were loaded"
        payload = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        async with self.database.read() as tx:
            known, ids = await meta.get(tx, "commands"), await meta.get(tx, "command_ids")
        if known == digest and ids and not self._embedded:
            self.command_ids = json.loads(ids)
            return
        self.command_ids = {command.name: command.id for command in await self.tree.sync()}
        async with self.database.write() as tx:
            await meta.put(tx, "commands", digest)
            await meta.put(tx, "command_ids", json.dumps(self.command_ids))
        log.info("commands synced count=%d", len(payload))

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect one shard; discord.py calls itself again without end when refused, so count and bound that."""
        self._refused += 1
        if self._refused > REFUSED_LIMIT + (self.shard_count or 1):
            self.gave_up.set()
            await asyncio.Event().wait()  # until the supervisor cancels us
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Keep count of our logins on disk; give up for a while rather than lose the token."""
        if self._embedded:
            await super().before_identify_hook(shard_id, initial=initial)
            return
        now = self.clock.now()
        async with self.database.write() as tx:
            times = [datetime.fromisoformat(text) for text in json.loads(await meta.get(tx, "identifies") or "[]")]
            past = recent(times, now)
            wait = wait_before_identify(past, now, self.shard_count or 1)
            if not wait:
                await meta.put(tx, "identifies", json.dumps([time.isoformat() for time in [*past, now]]))
        if wait:
            log.error("too many logins, which could cost the token: waiting seconds=%d", wait.total_seconds())
            self.gave_up.set()
            await asyncio.Event().wait()
        await super().before_identify_hook(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Say where we are, and start what waited."""
        self._refused = 0
        log.info("ready user=%s guilds=%d shards=%s", self.user, len(self.guilds), self.shard_count)
        await self._forget_where_we_are_no_more()
        self.deliverer.wake()

    async def _forget_where_we_are_no_more(self) -> None:
        """A server that removed us while we were offline sent no event; unavailable ones are still listed."""
        here = {guild.id for guild in self.guilds}
        async with self.database.write() as tx:
            known = {subscription.guild_id for subscription in await subscriptions.all_(tx)}
            gone, now = await removals.gone_guilds(tx), self.clock.now()
            for guild_id in known - here - gone:
                await removals.guild_gone(tx, guild_id, now)
            for guild_id in gone & here:
                await self._welcome(tx, guild_id)

    async def _welcome(self, tx: Transaction, guild_id: int) -> None:
        """A server took us back: nothing is posted there before an admin says so, and it is told that."""
        if await removals.guild_back(tx, guild_id):
            await alarms.back(tx, guild_id, self.clock.now())

    async def on_message(self, message: discord.Message) -> None:
        """Answer a mention with what the bot can do; there are no text commands."""
        # A reply to one of our messages mentions us too, but asks nothing of us.
        if self.user is None or message.author.bot or not re.search(rf"<@!?{self.user.id}>", message.content):
            return
        bucket = self._greetings.get_bucket(message)
        if bucket and bucket.update_rate_limit():
            return
        try:
            await message.reply(about_views.greeting(self), mention_author=False)
        except (discord.HTTPException, discord.RateLimited) as error:
            log.info("could not answer a mention channel=%d cause=%s", message.channel.id, error)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message that a moderator deleted stays deleted."""
        await self._messages_gone([event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """The same for many."""
        await self._messages_gone(event.message_ids)

    async def _messages_gone(self, ids: Any) -> None:  # a list, or discord.py's set
        async with self.database.write() as tx:
            for message_id in ids:
                await removals.message_gone(tx, message_id)

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """A thread that a moderator deleted is not opened again."""
        async with self.database.write() as tx:
            await removals.thread_gone(tx, event.thread_id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Stop posting into a channel that is gone."""
        async with self.database.write() as tx:
            await alarms.channel_gone(tx, channel.id, "the channel was deleted", self.clock.now())

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Stop at once in a server that removed us; its configuration stays."""
        async with self.database.write() as tx:
            await removals.guild_gone(tx, guild.id, self.clock.now())

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Remember again what a server had configured."""
        async with self.database.write() as tx:
            await self._welcome(tx, guild.id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Go on where the server was away."""
        await self.deliverer.release(guild.id)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """A permission may be back."""
        await self.deliverer.release(after.guild.id)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """A permission may be back."""
        await self.deliverer.release(after.guild.id)

    async def on_raw_thread_update(self, event: discord.RawThreadUpdateEvent) -> None:
        """A thread may be unlocked; while it was archived, discord.py knew nothing of it."""
        if event.data["thread_metadata"].get("locked"):
            return
        async with self.database.write() as tx:
            waited = await history.unlocked(tx, event.thread_id)
        if waited:
            self.deliverer.wake()

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """A role of ours may be back."""
        if self.user is not None and after.id == self.user.id:
            await self.deliverer.release(after.guild.id)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Log an event's failure and go on."""
        log.exception("event failed event=%s", event_method)


def use_api(base: str) -> None:
    """Let discord.py talk to another server: its REST base, and the gateway that shards fall back to."""
    discord.http.Route.BASE = base.rstrip("/")
    url = yarl.URL(base)
    if url.host != "discord.com":
        gateway = url.with_scheme("wss" if url.scheme == "https" else "ws").with_path("/gateway")
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway
