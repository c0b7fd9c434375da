"""The refusals of Discord's API, as exceptions that the REST layer turns into answers."""

from __future__ import annotations

from sandbox.model import Json

MESSAGES = {
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10011: "Unknown Role",
    10013: "Unknown User",
    10014: "Unknown Emoji",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    10087: "Unknown tag",
    20022: "This message cannot be edited due to announcement rate limits",
    30003: "Maximum number of pins reached for the channel (250)",
    30007: "Maximum number of webhooks reached (15)",
    30010: "Maximum number of reactions reached (20)",
    30034: "Max number of daily application command creates has been reached (200)",
    30046: "Maximum number of edits to messages older than 1 hour reached. Try again later",
    40005: "Request entity too large",
    40033: "This message has already been crossposted.",
    40058: "Cannot message this thread until after the post author has sent an initial message.",
    40060: "Interaction has already been acknowledged.",
    40061: "Tag names must be unique",
    40067: "A tag is required to create a forum post in this channel",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50007: "Cannot send messages to this user",
    50008: "Cannot send messages in a non-text channel",
    50013: "Missing Permissions",
    50021: "Cannot execute action on a system message",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token provided",
    50033: "Invalid Recipient(s)",
    50034: "A message provided was too old to bulk delete",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    160002: "You cannot reply without permission to read message history",
    160004: "A thread has already been created for this message",
    160005: "Thread is locked",
    160006: "Maximum number of active threads reached",
}
NOT_FOUND = frozenset({10003, 10004, 10007, 10008, 10011, 10013, 10014, 10015, 10062, 10063})
FORBIDDEN = frozenset({50001, 50007, 50013, 50005, 50021, 160005})
OTHER = {40005: 413, 50027: 401}


class ApiError(Exception):
    """One refusal: HTTP status, Discord's code, and for 50035 the nested field errors."""

    def __init__(self, code: int, *, status: int | None = None, errors: Json | None = None, message: str = "") -> None:
        self.code = code
        self.status = status or (404 if code in NOT_FOUND else 403 if code in FORBIDDEN else OTHER.get(code, 400))
        self.message = message or MESSAGES.get(code, "Error")
        self.errors = errors
        super().__init__(f"{self.status} {code}: {self.message}")

    def body(self) -> Json:
        """Return the JSON that Discord would send."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def invalid(path: str, code: str, message: str) -> ApiError:
    """Return a 50035 whose nested ``errors`` point at ``path`` ("embeds.0.title")."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for step in reversed(path.split(".")):
        errors = {step: errors}
    return ApiError(50035, errors=errors)


def snowflake(path: str, value: object) -> int:
    """Return an id that came as a string or a number, or refuse it."""
    text = str(value)
    if not text.isdigit():
        raise invalid(path, "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
    return int(text)
