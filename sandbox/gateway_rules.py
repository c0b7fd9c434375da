"""What the gateway refuses, each as a function that returns the code to close with, or None."""

from __future__ import annotations

from collections import deque

from sandbox.model import Json

KNOWN_INTENTS = (1 << 26) - 1


def shard_of(guild_id: int, count: int) -> int:
    """Return the shard that a guild belongs to."""
    return (guild_id >> 22) % count


def right_version(version: str) -> int | None:
    """Refuse API versions that are gone."""
    return None if version in ("9", "10") else 4012


def right_token(data: Json, token: str) -> int | None:
    """Refuse a wrong token."""
    return None if data.get("token") == token else 4004


def right_shard(shard: list[int]) -> int | None:
    """Refuse a shard that cannot be."""
    return None if len(shard) == 2 and 0 <= shard[0] < shard[1] else 4010


def right_intents(intents: int, disallowed: int) -> int | None:
    """Refuse intents that do not exist, or that the application may not have."""
    return 4013 if intents & ~KNOWN_INTENTS else 4014 if intents & disallowed else None


def small_enough(text: str) -> int | None:
    """Refuse payloads over 4096 bytes."""
    return 4002 if len(text.encode()) > 4096 else None


def slow_enough(recent: deque[float], limit: int) -> int | None:
    """Refuse more than ``limit`` payloads in a minute."""
    while recent[0] < recent[-1] - 60:
        recent.popleft()
    return 4008 if len(recent) > limit else None


def heart_stopped(silence: float, patience: float) -> bool:
    """Whether no heartbeat has come for too long."""
    return silence > patience
