"""One step of one delivery: write the intent, speak, record what came of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import catchup, render
from bot.aftermath import PATIENCE, Act, Aftermath
from bot.alarms import LACKS
from bot.clock import Clock
from bot.dressing import dress
from bot.late_edits import LateEdits
from bot.looks import Facts, dressed
from bot.model import Delivery, Layout, Parent, State, StoredComment, StoredStory
from bot.options import Looks
from bot.post import Answer, Duty, Messenger, Missing, Place, Post, Refused, Sent, Unknown
from bot.store import comments, deliveries, removals, replies, restore, stories, wishes
from bot.store.database import Database
from bot.store.reasons import DELETED, SHORTER, UNPOSTED
from bot.tagging import TAGLESS, tag_names

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(seconds=60)
OUTAGE_WAIT = 30.0


class Attempt:
    """Keeps or settles one delivery. Each method answers False while it is in doubt whether Discord did it."""

    def __init__(self, database: Database, messenger: Messenger, clock: Clock, settle: timedelta) -> None:
        self._database = database
        self._messenger = messenger
        self._clock = clock
        self._late_edits = LateEdits(clock, settle)
        self.after = Aftermath(database, clock)

    async def keep(self, row: Delivery) -> bool:
        """Do what the row wants: create, open its thread, edit or delete."""
        if seconds := self.after.quiet_for(row.guild_id):
            await self.after.postpone(row, seconds, PATIENCE)
            return True
        place = await self._place(row)
        if place is None or not await self._allowed(row, place):
            return True
        if row.state is State.PENDING:
            return await self._create(row, place)
        if row.comment_id is None and row.thread_id is None and row.layout is Layout.THREAD:
            return await self._open_thread(row, place)
        return await self._change(row, place)

    async def reconcile(self, row: Delivery) -> bool:
        """Settle a row in flight: adopt the message if Discord has it, else send the same again."""
        place = await self._place(row)
        if place is None or row.sent_payload is None or row.attempt_at is None:
            await self.after.postpone(row, OUTAGE_WAIT, "interrupted before it was sent")
            return True
        if self._messenger.missing(Place(row.guild_id, row.channel_id), row.layout) is None:
            return False  # the server is away: the doubt stays
        if not await self._allowed(row, place):
            return True
        post = Post.from_json(row.sent_payload)
        async with self._database.read() as tx:
            known = await deliveries.message_ids(tx, row.channel_id, row.story_id)
            since = await restore.look_since(tx, self._clock.now())
        earliest = row.attempt_at - LOOK_BACK
        found = await self._messenger.find(place, post, min(earliest, since or earliest), known)
        if isinstance(found, Sent):
            log.info("adopted delivery=%d message=%d", row.id, found.id)
            return await self._stands(row, found, fresh=since is None)
        if found is not None:
            return await self.after.not_found_out(row, found)
        if row.want_gone:
            return await self._unposted(row)
        if self.after.is_poison(row):
            log.error("gave up delivery=%d tries=%d: always in doubt", row.id, row.tries)
            await self.after.give_up(row, "Discord never said whether it took this")
            return True
        async with self._database.write() as tx:
            revision = row.sent_rev or row.want_rev
            await deliveries.intend(tx, row.id, now=self._there(), revision=revision, payload=row.sent_payload)
        return await self._created(row, place, await self._messenger.create(place, post, row.nonce))

    async def release_where_allowed(self, guild_id: int | None = None) -> None:
        """Let go of rows that were held for a permission which the bot has again.

        With a guild, something changed there: it is tried at once; else Discord's refusals wait for their time.
        """
        async with self._database.read() as tx:
            held = await deliveries.held_places(tx)
        for held_guild, channel_id, layout in held:
            missing = self._messenger.missing(Place(held_guild, channel_id), layout)
            if missing is not None and not missing.fatal and guild_id in (None, held_guild):
                async with self._database.write() as tx:
                    now = self._clock.now()
                    await deliveries.release_held(tx, channel_id, None if guild_id else now)
                    await catchup.leave_out(tx, now)

    def _there(self) -> datetime:
        """Return the present by Discord's clock, which stays right whatever becomes of ours before a look-up."""
        return self._clock.now() + self._messenger.skew

    async def _place(self, row: Delivery) -> Place | None:
        forum_post = row.layout is Layout.FORUM and row.thread_id is not None
        if row.lane == 0 and not forum_post:
            return Place(row.guild_id, row.channel_id)
        async with self._database.read() as tx:
            card = await deliveries.card(tx, row.channel_id, row.story_id)
        return Place(row.guild_id, card.thread_id) if card and card.thread_id else None

    async def _allowed(self, row: Delivery, place: Place) -> bool:
        missing = self._messenger.missing(Place(row.guild_id, row.channel_id), row.layout)
        if missing is None:
            await self.after.postpone(row, OUTAGE_WAIT, "the server is not available at the moment")
            return False
        if missing.fatal:
            log.warning("held delivery=%d channel=%d missing=%s", row.id, row.channel_id, ",".join(missing.fatal))
            await self.after.hold(row, LACKS + ", ".join(missing.fatal))
            return False
        return True

    async def _create(self, row: Delivery, place: Place) -> bool:
        if row.want_gone:
            return await self._unposted(row)
        tags = await self._tags(row, place)
        if tags is None:
            await self.after.hold(row, TAGLESS)
            return True
        async with self._database.write() as tx:
            posts, revision = await self._render(tx, row)
            await deliveries.ensure_parts(tx, row.id, len(posts))
            if row.part >= len(posts):
                await deliveries.finish(tx, row.id, State.GONE, SHORTER)
                return True
            post, now = replace(posts[row.part], tags=tags), self._clock.now()
            await replies.answers(tx, row.id, post.reply_to)
            if row.layout is Layout.INLINE and row.comment_id is not None and post.reply_to is None:
                post = post.answering(await replies.above(tx, row))
            await deliveries.intend(tx, row.id, now=self._there(), revision=revision, payload=post.to_json())
            forgetful = await restore.look_since(tx, now) is not None
            intended = await deliveries.get(tx, row.id) if forgetful else None
        if intended:
            return await self.reconcile(intended)
        return await self._created(row, place, await self._messenger.create(place, post, row.nonce))

    async def _created(self, row: Delivery, place: Place, answer: Answer) -> bool:
        if isinstance(answer, Sent):
            return await self._stands(row, answer, fresh=True)
        if isinstance(answer, Refused) and (plainer := await self._plainer(row, answer)):
            return await self._create_plainer(row, place, plainer, answer)
        return await self.after.not_done(row, answer, Act.CREATE)

    async def _stands(self, row: Delivery, sent: Sent, *, fresh: bool) -> bool:
        """Record a message; one whose parent was gone, as we learn by this, is edited next to name it."""
        if sent.loose:
            async with self._database.write() as tx:
                payload = (await deliveries.get(tx, row.id)).sent_payload
                await replies.answers(tx, row.id, None)
                if payload is not None and (parent := Post.from_json(payload).reply_to):
                    await removals.message_gone(tx, parent)
        return await self.after.stands(row, sent.id, fresh=fresh and not sent.loose)

    async def _plainer(self, row: Delivery, refusal: Refused) -> Post | None:
        """Return what may be said instead of what Discord refused: plain text, or a post without tags that are gone."""
        async with self._database.read() as tx:
            current, stored = await deliveries.get(tx, row.id), await stories.get(tx, row.story_id)
        post = Post.from_json(current.sent_payload or "{}")
        plainer = post
        if refusal.duty is Duty.UNTAGGED:
            plainer = replace(post, tags=())
        elif refusal.duty is Duty.FALLBACK and row.comment_id is None:
            plain = replace(render.plain_card(stored, current.skipped), name=post.name)
            plainer = dressed(plain, Looks(role_id=post.role_id), stored, Facts(), ping=True)
        elif refusal.duty is Duty.FALLBACK:
            plainer = render.plain_comment(post)
        return plainer if plainer != post else None

    async def _create_plainer(self, row: Delivery, place: Place, post: Post, refusal: Refused) -> bool:
        """Discord refused what we said: say it once more, plainer, before giving it up."""
        log.warning("refused delivery=%d code=%d text=%s; saying it plainer", row.id, refusal.code, refusal.text)
        async with self._database.write() as tx:
            current = await deliveries.get(tx, row.id)
            revision = current.sent_rev or current.want_rev
            await deliveries.intend(tx, row.id, now=self._there(), revision=revision, payload=post.to_json())
        return await self._created(row, place, await self._messenger.create(place, post, row.nonce))

    async def _tags(self, row: Delivery, place: Place) -> tuple[int, ...] | None:
        """Return the tags of a forum post, () for everything else; None where it must have one and cannot."""
        if row.layout is not Layout.FORUM or row.comment_id is not None:
            return ()
        return await self._messenger.forum_tags(place, await tag_names(self._database, row))

    async def _open_thread(self, row: Delivery, place: Place) -> bool:
        assert row.message_id is not None, "a live row has its message"
        async with self._database.read() as tx:
            story = await stories.get(tx, row.story_id)
        answer = await self._messenger.open_thread(place, row.message_id, render.thread_name(story.story))
        if isinstance(answer, Refused) and answer.duty is Duty.TAKEN:
            answer = Sent(row.message_id)
        if isinstance(answer, Sent):
            async with self._database.write() as tx:
                await deliveries.record_thread(tx, row.id, answer.id)
            return True
        # Asking again is harmless: a message has one thread at most, and Discord answers 160004 with it.
        return await self.after.not_done(row, answer, Act.THREAD)

    async def _change(self, row: Delivery, place: Place) -> bool:
        assert row.message_id is not None, "a live row has its message"
        async with self._database.write() as tx:
            posts, revision = await self._render(tx, row)
            remove = row.want_gone and (row.part > 0 or not await deliveries.has_live_replies(tx, row))
            remove = remove or row.part >= len(posts)
            if not row.want_gone:
                await deliveries.ensure_parts(tx, row.id, len(posts))
            late = 0.0 if remove else self._late_edits.wait(await deliveries.get(tx, row.id))
            if remove:
                await deliveries.intend_removal(tx, row.id, self._there())
            elif not late:
                await deliveries.editing(tx, row.id, True)
        if late:
            await self.after.postpone(row, late, "an earlier edit may still arrive")
            return True
        if remove:
            return await self._removed(row, await self._messenger.delete(place, row.message_id), place)
        answer = await self._messenger.edit(place, row.message_id, posts[row.part])
        return await self._edited(row, answer, place, revision)

    async def _edited(self, row: Delivery, answer: Answer, place: Place, revision: int) -> bool:
        self._late_edits.answered(row, answer)
        if isinstance(answer, Sent):
            async with self._database.write() as tx:
                await deliveries.record_edited(tx, row.id, revision, rest_until=self.after.rested(row))
            return True
        if isinstance(answer, Refused) and answer.duty is Duty.GONE and row.attempt_at and row.comment_id:
            # Not a moderator: we had removed it, and never heard so, when its source brought it back.
            async with self._database.write() as tx:
                comment = await comments.get(tx, row.comment_id)
                await wishes.post_anew(tx, row.id, row.channel_id, row.part, comment)
            return True
        if not isinstance(answer, Unknown):
            async with self._database.write() as tx:
                await deliveries.editing(tx, row.id, False)
        return await self._unarchive_or_not_done(row, answer, place, Act.EDIT)

    async def _removed(self, row: Delivery, answer: Answer, place: Place) -> bool:
        if isinstance(answer, Sent):
            return await self._ended(row)
        return await self._unarchive_or_not_done(row, answer, place, Act.DELETE)

    async def _unposted(self, row: Delivery) -> bool:
        """End a row that was wanted gone before it stood, unless it is wanted again by now."""
        async with self._database.write() as tx:
            if (await deliveries.get(tx, row.id)).want_gone:
                await deliveries.finish(tx, row.id, State.GONE, UNPOSTED)
        return True

    async def _ended(self, row: Delivery) -> bool:
        """End a row whose message was removed; it is posted anew where it came back meanwhile."""
        async with self._database.write() as tx:
            current = await deliveries.get(tx, row.id)
            if row.comment_id and row.want_gone and not current.want_gone:
                await wishes.post_anew(tx, row.id, row.channel_id, row.part, await comments.get(tx, row.comment_id))
            else:
                await deliveries.finish(tx, row.id, State.GONE, DELETED)
        return True

    async def _unarchive_or_not_done(self, row: Delivery, answer: Answer, place: Place, act: Act) -> bool:
        if isinstance(answer, Refused) and answer.duty is Duty.UNARCHIVE:
            answer = await self._messenger.unarchive(place.channel_id)
            if isinstance(answer, Sent):
                # Still due: the next round does it, at once unless this goes round in circles.
                await self.after.postpone(row, 2.0**row.tries if row.tries else 0, "the thread was archived")
                return True
        return await self.after.not_done(row, answer, act)

    async def _render(self, tx: deliveries.Transaction, row: Delivery) -> tuple[Sequence[Post], int]:
        stored = await stories.get(tx, row.story_id)
        if row.comment_id is None:
            missing = self._messenger.missing(Place(row.guild_id, row.channel_id), row.layout) or Missing()
            skipped = (await deliveries.get(tx, row.id)).skipped
            make = render.card if missing.embeds else render.plain_card
            name = render.thread_name(stored.story) if row.layout is Layout.FORUM else None
            post = await dress(tx, row.channel_id, stored, make(stored, skipped), self._clock.now())
            return [replace(post, name=name)], stored.revision
        comment = await comments.get(tx, row.comment_id)
        parent = await replies.parent(tx, row)
        return _comment_posts(stored, comment, row, parent), comment.revision


def _comment_posts(stored: StoredStory, comment: StoredComment, row: Delivery, parent: Parent | None) -> Sequence[Post]:
    if row.want_gone or comment.comment.deleted:
        return [render.deleted_marker(stored.story, comment.comment)]
    first, *more = render.comment_parts(stored.story, comment.comment, parent)
    return [first.answering(parent.message_id if parent else None), *more]
