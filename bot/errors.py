"""One tree of errors; every message is a sentence that a user can act on."""

from __future__ import annotations


class RendezvousError(Exception):
    """Base of every error that this program raises on purpose; ``str()`` is fit for a user.

    ``exit_code`` is what a command ends with, by the numbers of BSD's sysexits.h, which service managers know.
    """

    exit_code = 1


class SettingsError(RendezvousError):
    """Settings are missing or wrong; names every problem at once."""

    exit_code = 78

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class SourceError(RendezvousError):
    """A source could not be read."""


class FetchError(SourceError):
    """A URL could not be read; one sentence for every cause, so that it tells nothing of our network.

    For the operator and the poller alone, never for a guild: ``status`` is the HTTP status where one came,
    ``retry_after`` the seconds that the site asks us to wait, ``detail`` a few words about the cause.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None, detail: str = ""
    ) -> None:
        super().__init__(message)
        self.status, self.retry_after, self.detail = status, retry_after, detail

    @property
    def cause(self) -> str:
        """A few words for the operator on what went wrong; empty where nothing is known."""
        return self.detail or (f"HTTP status {self.status}" if self.status else "")


def as_sentence(error: object) -> str:
    """Return an error's text as a sentence that stands alone; at the terminal it stands behind an address."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


class NotAStory(SourceError):
    """A page was read but holds no story; the message says what it looks like instead."""


class StoreError(RendezvousError):
    """The database cannot be used; the message says what the operator can do."""

    exit_code = 74


class InUse(StoreError):
    """Another bot uses the database: trying again later may help."""

    exit_code = 75


class NotFound(RendezvousError):
    """Nothing of that name is visible here; the same text for absent and for foreign."""


class Conflict(RendezvousError):
    """What was asked for already stands, or cannot stand beside what does."""


class BadTopic(RendezvousError):
    """A topic that an admin wrote cannot be understood; the message says what to change."""


class BadOption(RendezvousError):
    """What an admin wrote for an option of a channel cannot be used; the message says what to change."""
