"""Rate limits as Discord answers them: buckets, the global limit, headers and 429 bodies."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sandbox.limits import Verdict
from sandbox.model import Json
from sandbox.rest.call import Call, Reply, Route

HTML_BAN = "<!doctype html><title>Access denied</title>You are being rate limited (1015)"
MAJOR = ("channel_id", "guild_id", "webhook_id")


@dataclass(slots=True)
class Headers:
    """What goes with an answer."""

    via: bool = True
    bucket: str = ""
    verdict: Verdict | None = None
    retry_after: float | None = None
    scope: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return them as HTTP headers."""
        values = {"Via": "1.1 google"} if self.via else {}
        if self.verdict is not None:
            values |= {
                "X-RateLimit-Limit": str(self.verdict.limit), "X-RateLimit-Remaining": str(self.verdict.remaining),
                "X-RateLimit-Reset": f"{self.verdict.reset_at:.3f}",
                "X-RateLimit-Reset-After": f"{self.verdict.reset_after:.3f}", "X-RateLimit-Bucket": self.bucket,
            }  # fmt: skip
        if self.retry_after is not None:
            values |= {"Retry-After": f"{self.retry_after:.3f}", "X-RateLimit-Scope": self.scope}
        if self.scope == "global":
            values["X-RateLimit-Global"] = "true"
        return values


def check_limits(call: Call, route: Route) -> tuple[Reply | None, Headers]:
    """Take the tokens that a request costs; a Reply means that there was none left."""
    limits, counters, headers = call.world.limits, call.core.counters, Headers()
    if counts_globally(route):
        take = counters.take_sliding if limits.sliding else counters.take
        world_wide = take("global", limits.global_per_second, 1.0)
        if not world_wide.allowed:
            return too_many(headers, world_wide.reset_after, scope="global"), headers
    own = route.bucket == "messages"
    number, seconds = (limits.messages, limits.window) if own else (limits.other, limits.other_window)
    name = f"{route.method} {route.path}"
    headers.bucket = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    major = ":".join(call.params.get(part, "") for part in MAJOR)
    verdict = counters.take(f"{name}:{major}", number, seconds)
    headers.verdict = verdict
    return (None if verdict.allowed else too_many(headers, verdict.reset_after, scope="user")), headers


def counts_globally(route: Route) -> bool:
    """Whether a request counts to the bot's limit per second; answers to interactions and webhooks do not."""
    return route.auth


def too_many(headers: Headers, retry_after: float, *, scope: str, code: int = 0) -> Reply:
    """Return the 429 answer and put what belongs to it into the headers."""
    headers.retry_after, headers.scope = retry_after, scope
    body: Json = {
        "message": "You are being rate limited.", "retry_after": round(retry_after, 3), "global": scope == "global",
        "code": code,
    }  # fmt: skip
    return Reply(429, body)
