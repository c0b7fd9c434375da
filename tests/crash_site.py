"""A site in a file whose stories and comments come, change and go; the crash tests write it, bots read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from bot.model import Comment, Story, StoryPage

MOST_STORIES, MOST_COMMENTS = 6, 14
HERE, MARKED, VANISHED = "here", "marked", "vanished"


@dataclass
class Said:
    """A comment. ``state``: here, marked as deleted, or vanished. ``was_gone``: it was not always here."""

    number: int
    born: float
    parent: int | None = None
    revision: int = 1
    words: int = 0
    state: str = HERE
    was_gone: bool = False

    @property
    def url(self) -> str:
        return f"https://example.org/comment/{self.number}"

    @property
    def mark(self) -> str:
        """What only this revision of it says."""
        return f"C{self.number}R{self.revision}."

    @property
    def body(self) -> str:
        return " ".join([self.mark, *(f"w{number}" for number in range(self.words))])


@dataclass
class Told:
    """A story with its comments in the page's order."""

    number: int
    born: float
    revision: int = 1
    comments: list[Said] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://example.org/story/{self.number}"

    @property
    def title(self) -> str:
        return f"Story {self.number} revision {self.revision}"

    def page(self) -> StoryPage:
        born = datetime.fromtimestamp(self.born, UTC)
        story = Story(self.title, url=self.url, native_id=f"n{self.number}", origin="example.org", published_at=born)
        return StoryPage(story, tuple(_comment(one) for one in self.comments if one.state != VANISHED))


def _comment(said: Said) -> Comment:
    return Comment(
        f"x-{said.number}",
        "Ann",
        "" if said.state == MARKED else said.body,
        parent=None if said.parent is None else f"x-{said.parent}",
        url=said.url,
        posted_at=datetime.fromtimestamp(said.born, UTC),
        deleted=said.state == MARKED,
    )


@dataclass
class Site:
    """All of it; ``version`` grows with each change that is saved."""

    chance: Random
    now: Callable[[], float]
    path: Path
    version: int = 0
    stories: list[Told] = field(default_factory=list)
    numbers: int = 0

    def save(self) -> None:
        self.version += 1
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps({"version": self.version, "stories": [asdict(story) for story in self.stories]}))
        beside.replace(self.path)

    def change(self, *, growing: bool = False) -> None:
        """Let something happen; a growing site only grows."""
        acts = [self.grow] if growing else [self.grow, self.edit, self.retitle, self.mark, self.vanish, self.come_back]
        weights = [10] if growing else [10, 5, 2, 3, 1, 2]
        self.chance.choices(acts, weights)[0]()
        self.save()

    def grow(self) -> None:
        if len(self.stories) < MOST_STORIES and (not self.stories or self.chance.random() < 0.3):
            self.tell()
        story = self.chance.choice(self.stories)
        for _ in range(self.chance.randint(1, 3)):
            if len(story.comments) < MOST_COMMENTS:
                self._answer(story)

    def tell(self) -> None:
        self.stories.append(Told(self._number(), self.now()))
        self._answer(self.stories[-1])

    def _answer(self, story: Told) -> None:
        new = Said(self._number(), self.now(), words=self.chance.choice((0, 0, 0, 3, 600)))
        place = len(story.comments)
        if story.comments and self.chance.random() < 0.6:
            place = self.chance.randrange(len(story.comments))
            new.parent = story.comments[place].number
            below = {new.parent}
            while place < len(story.comments) and (
                story.comments[place].number in below or story.comments[place].parent in below
            ):
                below.add(story.comments[place].number)
                place += 1
        story.comments.insert(place, new)

    def edit(self) -> None:
        for said in self._some(HERE):
            said.revision += 1
            said.words = self.chance.choice((said.words, said.words, 0, 600))

    def retitle(self) -> None:
        if self.stories:
            self.chance.choice(self.stories).revision += 1

    def mark(self) -> None:
        for said in self._some(HERE):
            said.state, said.was_gone = MARKED, True

    def vanish(self) -> None:
        """So few that nobody is asked: what is more than five at once freezes a story."""
        for said in self._some(HERE):
            story = next(story for story in self.stories if said in story.comments)
            if sum(one.state == VANISHED for one in story.comments) < 3:
                said.state, said.was_gone = VANISHED, True

    def come_back(self) -> None:
        for said in self._some(MARKED):
            said.state = HERE
            said.revision += 1

    def _some(self, state: str) -> list[Said]:
        found = [said for story in self.stories for said in story.comments if said.state == state]
        return self.chance.sample(found, 1) if found else []

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers


def read(path: Path) -> tuple[int, list[Told]]:
    """Return a saved site's version and stories."""
    data = json.loads(path.read_text())
    return data["version"], [_told(story) for story in data["stories"]]


def _told(data: dict[str, Any]) -> Told:
    return Told(**{**data, "comments": [Said(**said) for said in data["comments"]]})
