"""What must be true when a killed bot has come to rest: nothing lost, doubled, misparented, out of order or stale."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import combinations
from pathlib import Path

from bot.model import Layout
from bot.render import ANSWERS, DELETED
from tests.crash_log import Log, Stood
from tests.crash_site import HERE, Said, Told

Found = Iterator[tuple[str, str]]


class Verdict:
    """Compares site, world and database of one run. ``forgiven``: messages deleted before the bot knew of them."""

    def __init__(
        self,
        log: Log,
        stories: list[Told],
        layouts: Mapping[int, Layout],
        database: Path,
        forgiven: set[tuple[int, str]],
    ) -> None:
        self.log, self.world = log, log.world
        self.stories, self.layouts, self.forgiven = stories, layouts, forgiven
        with closing(sqlite3.connect(database)) as connection:
            connection.row_factory = sqlite3.Row
            self.rows = connection.execute(
                """SELECT d.*, coalesce(c.url, s.url) AS link FROM deliveries d JOIN stories s ON s.id = d.story_id
                LEFT JOIN comments c ON c.id = d.comment_id ORDER BY d.id"""
            ).fetchall()
            self.integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
        self.by_key = {(r["channel_id"], r["link"], r["part"]): r for r in self.rows}

    def faults(self) -> list[tuple[str, str]]:
        """Return kind and description of everything that is wrong."""
        found = [("damaged", self.integrity)] if self.integrity != "ok" else []
        found += [("doubled", one) for one in self.log.doubled]
        for check in (self._lost, self._misparented, self._out_of_order, self._stale, self._deletions, self._known):
            found += list(check())
        return found

    def _lost(self) -> Found:
        for root, layout in self.layouts.items():
            for story in self.stories:
                yield from self._lost_story(root, layout, story)

    def _lost_story(self, root: int, layout: Layout, story: Told) -> Found:
        cards = self.log.of(root, story.url)
        if not any(one.went is None for one in cards):
            if not any(one.by_moderator for one in cards):
                yield "lost", f"{story.url} in {root} ({layout}) {self._row(root, story.url)}"
            return  # whoever deletes a card may end its comments
        card = cards[-1]
        if layout is Layout.STORY_ONLY:
            return
        if layout is Layout.THREAD and card.id not in self.world.channels:
            if card.id not in self.log.cut:
                yield "lost", f"the thread of {story.url} in {root}"
            return
        for said in story.comments:
            if said.state == HERE and not self._stands(root, said.url) and not self._taken(root, said.url):
                yield "lost", f"{said.url} of {story.url} in {root} ({layout}) {self._row(root, said.url)}"

    def _stands(self, root: int, link: str) -> bool:
        return any(one.went is None for one in self.log.of(root, link))

    def _taken(self, root: int, link: str) -> bool:
        """Whether a moderator took an item away."""
        return any(one.by_moderator for one in self.log.of(root, link))

    def _row(self, root: int, link: str) -> str:
        row = self.by_key.get((root, link, 0))
        names = ("id", "state", "reason", "message_id", "tries", "next_at", "want_rev", "have_rev", "want_gone")
        return str({name: row[name] for name in names}) if row else "without a row"

    def _misparented(self) -> Found:
        parents = {said.url: said.parent for story in self.stories for said in story.comments}
        urls = {said.number: said.url for story in self.stories for said in story.comments}
        cards = {said.url: story.url for story in self.stories for said in story.comments}
        for one in self.log.all.values():
            if one.link in parents and not one.more:
                parent = parents[one.link]
                wrong = self._wrong_parent(one, urls[parent] if parent else None, cards[one.link])
                if wrong:
                    yield "misparented", f"{one.link} in {one.root}: {wrong}; {self._row(one.root, one.link)}"

    def _wrong_parent(self, one: Stood, parent: str | None, card: str) -> str:
        cards = [c.id for c in self.log.of(one.root, card)]
        target = self.log.all.get(one.reply_to or 0)
        if one.reply_to in cards and self.layouts[one.root] is Layout.INLINE:
            target = None
        if target is not None and (target.link != parent or target.more):
            return f"answers {target.link} and not {parent}"
        if parent is None or target is not None:
            return ""
        over = self.log.of(one.root, parent)
        if any(p.came < one.came and p.went is None for p in over) and not any(p.went for p in over):
            return f"does not answer {parent}, which stands"
        message = self.world.messages.get(one.place, {}).get(one.id)
        if message and one.went is None and not message.content.startswith(DELETED) and ANSWERS not in message.content:
            return f"neither answers nor names {parent}"
        return ""

    def _out_of_order(self) -> Found:
        """Of two that were promised together, or in their order, the first stands above the second."""
        lanes: dict[tuple[int, int], list[sqlite3.Row]] = defaultdict(list)
        steady = {said.url for story in self.stories for said in story.comments if not said.was_gone}
        for row in self.rows:
            if row["comment_id"] is None:
                lanes[row["channel_id"], 0].append(row)
            elif row["link"] in steady and row["part"] == 0:
                lanes[row["channel_id"], row["story_id"]].append(row)
        for lane in lanes.values():
            came = {r["id"]: [s.came for s in self.log.of(r["channel_id"], r["link"])] for r in lane}
            once = [row for row in lane if len(came[row["id"]]) == 1]
            key = "position" if lane and lane[0]["comment_id"] is not None else "story_id"
            for one, two in combinations(sorted(once, key=lambda r: r[key]), 2):
                before = one["promised_at"] <= two["promised_at"]
                # A life whose clock ran behind promised "earlier" what really came later: that has the later number.
                before &= one["id"] < two["id"] or one["promised_at"] == two["promised_at"]
                if before and came[one["id"]] > came[two["id"]]:
                    yield "out of order", f"{one['link']} below {two['link']} in {one['channel_id']}"

    def _stale(self) -> Found:
        told = {story.url: story for story in self.stories}
        said = {one.url: one for story in self.stories for one in story.comments}
        for one in self.log.standing():
            message = self.world.messages[one.place][one.id]
            if one.link in told:
                yield from self._stale_card(one, told[one.link], message.embeds[0]["title"])
            elif one.link not in said:
                yield "unknown", f"{one.id} says {message.content[:80]!r}"
            elif said[one.link].state != HERE:
                if not message.content.startswith(DELETED):
                    yield "stale", f"{one.link} in {one.root} was deleted: {message.content[:80]!r}"
            elif not one.more:
                yield from self._stale_comment(one, said[one.link], message.content)

    def _stale_card(self, one: Stood, story: Told, title: str) -> Found:
        if title != story.title:
            yield "stale", f"card {one.link} in {one.root}: {title!r}; {self._row(one.root, one.link)}"
        thread = self.world.channels.get(one.id)
        if thread and thread.name != story.title:
            yield "stale", f"thread {one.link} in {one.root}: {thread.name!r}"

    def _stale_comment(self, one: Stood, said: Said, first: str) -> Found:
        rows = [r for r in self.rows if (r["channel_id"], r["link"]) == one.key and r["state"] == "live" and r["part"]]
        parts = [self.world.messages[one.place].get(r["message_id"]) for r in sorted(rows, key=lambda r: r["part"])]
        more = [s for s in self.log.standing(one.root) if s.link == one.link and s.more]
        if said.mark not in first:
            yield "stale", f"{one.link} in {one.root}: {first[:120]!r}; {self._row(one.root, one.link)}"
        taken = any(s.by_moderator for s in self.log.all.values() if s.key == one.key)
        if self.layouts[one.root] is Layout.INLINE:  # with its card a moderator ends what was not said yet
            taken |= any(self._taken(one.root, story.url) for story in self.stories if said in story.comments)
        if len(more) > len(rows):
            yield "doubled", f"parts of {one.link} in {one.root}"
        elif not taken:
            words = re.findall(r"\bw\d+\b", "\n".join([first, *(m.content for m in parts if m)]))
            if words != [f"w{number}" for number in range(said.words)]:
                yield "stale", f"parts of {one.link} in {one.root}: {len(words)} of {said.words} words"

    def _deletions(self) -> Found:
        """What a moderator deleted after we knew of it never comes back."""
        gone_there = {said.url for story in self.stories for said in story.comments if said.was_gone}
        for one in self.log.all.values():
            again = [s for s in self.log.of(*one.key) if one.went and s.came > one.went]
            forgiven = one.more or one.key in self.forgiven or one.link in gone_there
            if one.by_moderator and again and not forgiven:
                yield "came back", f"{one.link} in {one.root}"

    def _known(self) -> Found:
        """What the database says stands, stands; nothing was given up on our side."""
        for row in self.rows:
            stood = self.log.all.get(row["message_id"] or 0)
            if row["state"] == "live" and (stood is None or stood.key != (row["channel_id"], row["link"])):
                yield "wrong id", f"{row['link']} in {row['channel_id']}: {row['message_id']}"
            if row["state"] in ("pending", "inflight", "held") and not self._taken_story(row):
                yield "stuck", f"{row['link']} in {row['channel_id']}: {self._row(row['channel_id'], row['link'])}"
            if row["state"] == "dead" and "a moderator deleted" not in (row["reason"] or ""):
                yield "given up", f"{row['link']} in {row['channel_id']}: {row['reason']}"

    def _taken_story(self, row: sqlite3.Row) -> bool:
        story = next((r["link"] for r in self.rows if r["story_id"] == row["story_id"] and r["comment_id"] is None), "")
        return self._taken(row["channel_id"], story)
