"""What the tests of following share: a running bot whose sender the test drives, with a clock that it turns."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.chat.follow_sender import FollowSender
from bot.chat.messenger import DiscordMessenger
from bot.ingest import ingest
from bot.model import Comment, Story, StoryPage
from bot.store import follows
from tests.fakes import FakeClock

STORY = Story("Two agencies agree on a joint rover", url="https://site.example/rover", summary="Signed.")
PAGE = StoryPage(STORY, (Comment("c-1", "Ann", "First."), Comment("c-2", "Bob", "Second.", parent="c-1")))


class Still(FollowSender):
    """The bot's own sender, which keeps out of the test's way."""

    async def run(self):
        await asyncio.Event().wait()


def more(page, *authors):
    """Return the page with one more comment by each of the authors, as a later read gives it."""
    first = len(page.comments) + 1
    added = [
        Comment(f"c-{number}", author, f"Secret words {number}.", url=f"https://site.example/rover#{number}")
        for number, author in enumerate(authors, first)
    ]
    return replace(page, comments=(*page.comments, *added))


class Stage:
    """A running bot that mirrored one story, and the people who follow it."""

    def __init__(self, run):
        self.run, self.box, self.clock = run, run.box, FakeClock(run.bot.clock.now())
        self.messenger = DiscordMessenger(run.bot, run.bot.deliverer._attempt._messenger._clock)
        world = run.box.world
        self.world, self.guild = world, world.guild.id
        self.general, self.news = world.channel("general").id, world.channel("space-news").id
        self.ada, self.mo, self.max = (world.user(name).id for name in ("Ada", "Mo", "Max"))
        self.page = PAGE
        self.sender = self.again()

    def again(self):
        """Return a sender that knows nothing but the database, as after a restart."""
        self.sender = FollowSender(self.run.bot, self.run.database, self.clock, self.messenger)
        return self.sender

    async def read(self, page=None, *, deliver=True):
        """Read the story, and post what follows."""
        self.page = page or self.page
        await ingest(self.run.database, self.page, self.run.bot.clock.now(), deliver=True)
        if deliver:
            self.run.bot.deliverer.wake()
            await self.run.settle()

    async def come(self, *authors, deliver=True):
        """Let comments by these authors come."""
        await self.read(more(self.page, *authors), deliver=deliver)

    async def ask(self, name, user=None, **options):
        return await self.box.command(user or self.max, self.general, f"stories {name}", options)

    async def follow(self, user=None, **options):
        return await self.ask("follow", user, story="1", **options)

    async def later(self, **span):
        self.clock.turn(timedelta(**span).total_seconds())
        return await self.sender.run_due()

    def direct(self, user=None):
        return [message["content"] for message in self.box.messages(self.world.dm(user or self.max).id)]

    @property
    def thread(self):
        return next(c.id for c in self.world.channels.values() if c.thread is not None)

    def pings(self):
        """Return what pinged anybody in the story's thread, and whom."""
        found = self.world.history(self.thread)
        return [(message.content, message.pings.users) for message in found if message.content.startswith("<@")]

    async def rows(self):
        async with self.run.database.read() as tx:
            return [follows.follow_of(row) for row in await tx.execute_fetchall(follows.SELECT)]

    def fail(self, kind, *, after, method="POST", times=1):
        path = r"/channels/\d+/messages" + ("$" if method == "POST" else "")
        self.box.faults.add(method=method, path_regex=path, kind=kind, after=after, times=times)
