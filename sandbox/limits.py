"""How much is allowed: the settable numbers, and the counters that enforce them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sandbox.clock import Clock

LARGE = 1_000_000


@dataclass(slots=True)
class Limits:
    """Every number that a test may want to turn; the defaults are what Discord is seen to do."""

    messages: int = 5
    window: float = 5.0
    other: int = 50
    other_window: float = 1.0
    global_per_second: int = 50
    # Whether that is counted over any second, or over seconds that open with their first request.
    sliding: bool = False
    # Up to so many seconds pass on a request's way here and its answer's way back.
    jitter: float = 0.0
    thread_creations: int = 50
    thread_window: float = 300.0
    renames: int = 2
    rename_window: float = 600.0
    old_edits: int = 3
    old_edit_window: float = 6.0
    crossposts: int = 10
    crosspost_window: float = 3600.0
    published_edits: int = 3
    published_edit_window: float = 3600.0
    active_threads: int = 1000
    command_creates: int = 200
    nonce_window: float = 300.0
    invalid_requests: int = 10_000
    invalid_window: float = 600.0
    answer_seconds: float = 3.0
    deferred_seconds: float = 10.0
    token_seconds: float = 900.0
    file_bytes: int = 10_485_760
    pins: int = 250
    reactions: int = 20
    webhooks: int = 15
    heartbeat_ms: int = 41_250
    sends_per_minute: int = 120
    identifies: int = 1000
    identify_window: float = 86_400.0
    max_concurrency: int = 1
    concurrency_window: float = 5.0
    guilds_per_shard: int = 2500

    def open(self) -> None:
        """Lift every rate limit, for tests about something else."""
        self.messages = self.other = self.global_per_second = self.thread_creations = LARGE
        self.renames = self.old_edits = self.crossposts = self.published_edits = LARGE
        self.concurrency_window = 0.0


@dataclass(slots=True)
class Verdict:
    """What a bucket said to one request."""

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    reset_at: float


@dataclass(slots=True)
class Window:
    """A fixed window of so many requests, as Discord's buckets are; it opens with its first request."""

    opened: float = 0.0
    used: int = 0

    def take(self, now: float, limit: int, seconds: float) -> Verdict:
        """Take one token, if one is left."""
        if now - self.opened >= seconds:
            self.opened, self.used = now, 0
        left = max(0.001, self.opened + seconds - now)
        if self.used >= limit:
            return Verdict(False, limit, 0, left, now + left)
        self.used += 1
        return Verdict(True, limit, limit - self.used, left, now + left)


@dataclass(slots=True)
class SlidingWindow:
    """So many requests in any stretch of time."""

    taken: deque[float] = field(default_factory=deque)

    def take(self, now: float, limit: int, seconds: float) -> Verdict:
        """Take one token, if one is left."""
        while self.taken and now - self.taken[0] >= seconds:
            self.taken.popleft()
        allowed = len(self.taken) < limit
        if allowed:
            self.taken.append(now)
        left = max(0.001, self.taken[0] + seconds - now) if self.taken else seconds
        return Verdict(allowed, limit, limit - len(self.taken), left, now + left)


@dataclass(slots=True)
class Counters:
    """All windows of one sandbox, by key, and the count of invalid requests."""

    clock: Clock
    windows: dict[str, Window] = field(default_factory=dict)
    sliding: dict[str, SlidingWindow] = field(default_factory=dict)
    invalid: deque[float] = field(default_factory=deque)

    def take(self, key: str, limit: int, seconds: float) -> Verdict:
        """Take a token from the window of this key."""
        return self.windows.setdefault(key, Window()).take(self.clock.now(), limit, seconds)

    def take_sliding(self, key: str, limit: int, seconds: float) -> Verdict:
        """Take a token from the sliding window of this key."""
        return self.sliding.setdefault(key, SlidingWindow()).take(self.clock.now(), limit, seconds)

    def note_invalid(self) -> None:
        """Count one 401, 403 or 429."""
        self.invalid.append(self.clock.now())

    def banned(self, limits: Limits) -> bool:
        """Whether the invalid requests of the last minutes amount to a ban."""
        oldest = self.clock.now() - limits.invalid_window
        while self.invalid and self.invalid[0] < oldest:
            self.invalid.popleft()
        return len(self.invalid) >= limits.invalid_requests
