"""The built-in example site: a small newspaper whose stories and comments a person can write, edit and take back."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.model import Json

NAME = "Orbit Gazette"
EDITOR = "Gazette"
MOST_TEXT = 8000
MOST_TITLE = 200
MOST_AUTHOR = 60
TICK = timedelta(milliseconds=1)
WITHDRAWN = {True: "(story withdrawn by its author)", False: "(comment deleted by its author)"}


@dataclass(slots=True)
class Post:
    """A story's own text (number 1) or a comment below it; ``answers`` is the number of the comment it replies to."""

    id: int
    number: int
    author: str
    text: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    answers: int | None = None
    deleted: bool = False

    @property
    def shown(self) -> str:
        """What readers see: a deleted post says only that it was deleted."""
        return WITHDRAWN[self.number == 1] if self.deleted else self.text


@dataclass(slots=True)
class Story:
    """One story with its text and its comments, oldest first."""

    id: int
    title: str
    posts: list[Post] = field(default_factory=list)

    @property
    def bumped_at(self) -> datetime:
        """When the newest post was written."""
        return max(post.created_at for post in self.posts)


class ExampleSite:
    """The stories of the site; every change is told to ``listeners``. Wrong wishes raise LookupError or ValueError."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.stories: dict[int, Story] = {}
        self.listeners: list[Callable[[], None]] = []
        self.url = ""
        self._now = now
        self._last = datetime.min.replace(tzinfo=UTC)

    def add_story(self, title: str, text: str, author: str = EDITOR) -> Story:
        """Publish a story."""
        story = Story(max(self.stories, default=0) + 1, _line(title, MOST_TITLE, "title"))
        self._append(story, author, text, None)
        self.stories[story.id] = story
        self.wake()
        return story

    def add_comment(self, story_id: int, text: str, author: str, answers: int | None = None) -> Post:
        """Write a comment below a story, as a reply to the post ``answers`` if that is given."""
        story = self._story(story_id)
        if answers is not None:
            self.post(answers)
        number = next((post.number for post in story.posts if post.id == answers), None)
        if answers is not None and number is None:
            raise LookupError(f"there is no comment {answers} below this story")
        post = self._append(story, author, text, number if number != 1 else None)
        self.wake()
        return post

    def edit(self, post_id: int, text: str, title: str | None = None) -> None:
        """Change a text, and with ``title`` the headline of the story that it belongs to."""
        story, post = self.post(post_id)
        if post.deleted:
            raise ValueError("What was deleted cannot be edited")
        text = _text(text)
        if title is not None and post.number == 1:
            story.title = _line(title, MOST_TITLE, "title")
        post.text = text
        self._revised(post)

    def delete(self, post_id: int) -> None:
        """Take a text back; it leaves a mark that says so, as forums do for a day."""
        _, post = self.post(post_id)
        post.deleted = True
        self._revised(post)

    def post(self, post_id: int) -> tuple[Story, Post]:
        """Find a post with its story."""
        for story, post in self.posts():
            if post.id == post_id:
                return story, post
        raise LookupError(f"there is no post {post_id}")

    def posts(self) -> Iterator[tuple[Story, Post]]:
        """Go through all posts, each with its story."""
        return ((story, post) for story in self.stories.values() for post in story.posts)

    def seed(self, age: timedelta = timedelta(0)) -> None:
        """Publish the first stories, so that a new site is not empty; ``age`` is how long ago they were written."""
        now = self._now
        self._now = lambda: now() - age
        try:
            self._seed()
        finally:
            self._now = now

    def _seed(self) -> None:
        first = self.add_story(*SEEDS[0])
        asked = self.add_comment(first.id, "Who pays when the cable is cut? Both?", "Ines")
        self.add_comment(first.id, "Each side pays half, it says in the second paragraph.", "Tobias", asked.id)
        second = self.add_story(*SEEDS[1])
        self.add_comment(second.id, "I hope they publish the raw data this time.", "Kofi")

    def wake(self) -> None:
        """Tell the listeners to look, as after every change."""
        for listener in self.listeners:
            listener()

    def dump(self) -> list[Json]:
        """Return all stories as JSON."""
        return [dataclasses.asdict(story) for story in self.stories.values()]

    def load(self, stories: list[Json]) -> None:
        """Take what ``dump`` returned, with the dates as text."""
        for raw in stories:
            posts = [Post(**post | {key: datetime.fromisoformat(post[key]) for key in DATES}) for post in raw["posts"]]
            self.stories[raw["id"]] = Story(raw["id"], raw["title"], posts)

    def _append(self, story: Story, author: str, text: str, answers: int | None) -> Post:
        now = self._tick()
        ids = itertools.chain([0], (post.id for _, post in self.posts()))
        author = _line(author, MOST_AUTHOR, "name")
        post = Post(max(ids) + 1, len(story.posts) + 1, author, _text(text), now, now, answers=answers)
        story.posts.append(post)
        return post

    def _revised(self, post: Post) -> None:
        post.version += 1
        post.updated_at = self._tick()
        self.wake()

    def _tick(self) -> datetime:
        """Return the time, later than ever before: two changes within a millisecond would look like one."""
        self._last = max(self._now(), self._last + TICK)
        return self._last

    def _story(self, story_id: int) -> Story:
        if story_id not in self.stories:
            raise LookupError(f"there is no story {story_id}")
        return self.stories[story_id]


def _line(text: str, most: int, what: str) -> str:
    line = " ".join(text.split())
    if not 1 <= len(line) <= most:
        raise ValueError(f"The {what} needs 1 to {most} characters")
    return line


def _text(text: str) -> str:
    if not 1 <= len(text.strip()) <= MOST_TEXT:
        raise ValueError(f"The text needs 1 to {MOST_TEXT} characters")
    return text.strip()


DATES = ("created_at", "updated_at")
SEEDS = (
    (
        "Two space agencies will share one antenna on Gull Hill",
        "The space agencies of Norland and Sudmark signed an agreement on Monday: from spring on, the large dish on "
        "Gull Hill will serve the satellites of both.\n\nThe two sides share the cost of staff and repairs equally. "
        "Neighbours had asked for years who would use the dish at night.",
    ),
    (
        # Of real countries, as the topic that a channel follows by default knows no others.
        "Joint mission of India and Japan to map polar ice gets its launch date",
        "An invented story: the first polar satellite that India and Japan build together will fly in October. "
        "Engineers of both space agencies met in our town hall to agree on the orbit.\n\nThe measurements will be open "
        "to everyone.",
    ),
)
