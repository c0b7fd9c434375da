"""Hand-written fakes of what we own: the clock and the messenger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.model import Layout
from bot.post import Answer, Missing, Place, Post, Sent, Unknown


@dataclass
class FakeClock:
    """A clock that stands until it is turned."""

    time: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeMessenger:
    """A Discord in memory. ``answers`` are given first; ``lose`` says after how many creates answers get lost."""

    posted: dict[int, tuple[Place, Post]] = field(default_factory=dict)
    threads: dict[int, str] = field(default_factory=dict)
    published: list[int] = field(default_factory=list)
    tags: tuple[int, ...] | None = ()
    answers: list[Answer] = field(default_factory=list)
    lack: Missing | None = Missing(embeds=True)
    lose_answers: int = 0
    blind: bool = False
    skew: timedelta = timedelta()
    calls: list[str] = field(default_factory=list)
    next_id: int = 1000

    def missing(self, place: Place, layout: Layout = Layout.THREAD) -> Missing | None:
        return self.lack

    async def create(self, place: Place, post: Post, nonce: str) -> Answer:
        self.calls.append("create")
        if self.answers:
            return self.answers.pop(0)
        self.next_id += 1
        self.posted[self.next_id] = (place, post)
        if self.lose_answers:
            self.lose_answers -= 1
            return Unknown("the answer was lost")
        return Sent(self.next_id)

    async def forum_tags(self, place: Place, names: Sequence[str]) -> tuple[int, ...] | None:
        self.calls.append(f"tags {', '.join(names)}")
        return self.tags

    async def rename(self, place: Place, name: str) -> Answer:
        self.calls.append("rename")
        if self.answers:
            return self.answers.pop(0)
        self.threads[place.channel_id] = name
        return Sent(place.channel_id)

    async def publish(self, place: Place, message_id: int) -> Answer:
        self.calls.append("publish")
        if self.answers:
            return self.answers.pop(0)
        self.published.append(message_id)
        return Sent(message_id)

    async def open_thread(self, place: Place, message_id: int, name: str) -> Answer:
        self.calls.append("thread")
        if self.answers:
            return self.answers.pop(0)
        self.threads[message_id] = name
        return Sent(message_id)

    async def edit(self, place: Place, message_id: int, post: Post) -> Answer:
        self.calls.append("edit")
        if self.answers:
            return self.answers.pop(0)
        old = self.posted[message_id][1]
        self.posted[message_id] = (place, replace(post, reply_to=old.reply_to))
        return Sent(message_id)

    async def delete(self, place: Place, message_id: int) -> Answer:
        self.calls.append("delete")
        if self.answers:
            return self.answers.pop(0)
        self.posted.pop(message_id, None)
        return Sent(message_id)

    async def unarchive(self, thread_id: int) -> Answer:
        self.calls.append("unarchive")
        return Sent(thread_id)

    async def find(self, place: Place, post: Post, since: datetime, known: Collection[int]) -> Answer | None:
        self.calls.append("find")
        for message_id, (where, said) in self.posted.items():
            same = said.permalink == post.permalink if post.permalink else said == post
            if where == place and same and message_id not in known:
                return Sent(message_id)
        return None
