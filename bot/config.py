"""The settings: one table says what there is, one function reads them and reports every problem at once."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

from bot.errors import SettingsError

REAL_API = "https://discord.com/api/v10"
LEVELS = ("debug", "info", "warning", "error")
PREFIXES = ("DISCORD_", "DATABASE_", "DISQUS_", "RENDEZVOUS_")
CLOSE_ENOUGH = 0.8


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set, checked and frozen."""

    discord_token: str | None = field(default=None, repr=False)
    discord_api_url: str = REAL_API
    database_path: Path = Path("rendezvous.sqlite3")
    log_level: str = "info"
    contact_url: str | None = None
    disqus_api_key: str | None = field(default=None, repr=False)
    allow_private_networks: bool = False
    message_content: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: the name in the environment, its default as text, its help and its check.

    ``read`` returns the value or raises ValueError with a sentence that says what to do and never repeats a secret.
    """

    name: str
    default: str
    help: str
    read: Callable[[str], object]

    @property
    def attribute(self) -> str:
        """The name of the attribute of ``Settings`` that holds it."""
        return self.name.lower()


def _token(text: str) -> str:
    if text.lower().startswith("bot "):
        raise ValueError("holds the word 'Bot' before the token; remove it and keep the token alone.")
    if not text.isascii() or not text.isprintable() or any(c.isspace() for c in text):
        raise ValueError("holds a space or a character that no token has; copy it again from the developer portal.")
    return text


def _api_url(text: str) -> str:
    if not _is_web_address(text) or "?" in text or "#" in text:
        raise ValueError(f"must be an address like {REAL_API}, without a user name, '?' or '#'.")
    return text.rstrip("/")


def _path(text: str) -> Path:
    if "\0" in text:
        raise ValueError("holds a character that no file name may have; give the path of a file.")
    path = Path(text).expanduser()
    if path.is_dir():
        raise ValueError("names a folder; give the path of a file in it, for example rendezvous.sqlite3.")
    return path


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}.")
    return text.lower()


def _contact(text: str) -> str:
    if not (_is_web_address(text) or (text.startswith("mailto:") and "@" in text)):
        raise ValueError("must be a web address or mailto:somebody@example.org.")
    if not text.isascii() or not text.isprintable() or any(c in " ()" for c in text):
        raise ValueError("must be plain ASCII without spaces and brackets, because it goes into the User-Agent header.")
    return text


def _disqus_key(text: str) -> str:
    if not text.isascii() or not text.isalnum():
        raise ValueError("holds a character that no key has; copy the application's *secret* key from Disqus again.")
    return text


def _switch(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("must be yes or no.")
    return text.lower() == "yes"


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DISCORD_TOKEN",
        "",
        "The bot's token from the Discord developer portal. Without one, `rendezvous run` starts the local sandbox.",
        _token,
    ),
    Setting(
        "DISCORD_API_URL",
        REAL_API,
        "The REST address of Discord, or of any server that speaks its API. The token is sent there.",
        _api_url,
    ),
    Setting(
        "DATABASE_PATH",
        "rendezvous.sqlite3",
        "The SQLite file that keeps stories, comments, subscriptions and deliveries. Made when it is missing.",
        _path,
    ),
    Setting("LOG_LEVEL", "info", f"How much is logged to standard error: {', '.join(LEVELS)}.", _level),
    Setting(
        "CONTACT_URL",
        "",
        "Where the owner of a site can reach you: a web address or mailto:. It is named in the User-Agent.",
        _contact,
    ),
    Setting(
        "DISQUS_API_KEY",
        "",
        "The secret key of a Disqus application (disqus.com/api/applications). With it, comment threads on Disqus are "
        "read whole, with who answers whom; without it, only their newest comments as a flat list.",
        _disqus_key,
    ),
    Setting(
        "ALLOW_PRIVATE_NETWORKS",
        "no",
        "yes lets the bot read addresses of your own network and any port, for a forum that you host yourself. "
        "Every admin who adds a source, and every feed that names a comment thread, can then make the bot look there.",
        _switch,
    ),
    Setting(
        "MESSAGE_CONTENT",
        "no",
        "yes asks Discord for what members write, a privileged intent that you first switch on in the developer "
        "portal (Bot, Message Content Intent). Members' replies below a mirrored story can then be kept with its "
        "discussion, in the channels where an admin wants that (/channels edit).",
        _switch,
    ),
)
_NAMES = tuple(setting.name for setting in SETTINGS)


def load(environ: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    """Return the settings from the environment over those of a ``.env`` file; an empty value counts as unset."""
    values, problems = ({}, []) if dotenv is None else _read_dotenv(dotenv)
    values |= {name: environ[name] for name in _NAMES if environ.get(name, "").strip()}
    chosen: dict[str, object] = {}
    for setting in SETTINGS:
        text = values.get(setting.name, "").strip()
        if not text:
            continue
        try:
            chosen[setting.attribute] = setting.read(text)
        except ValueError as problem:
            problems.append(f"{setting.name} {problem}")
    if problems:
        raise SettingsError(problems)
    return Settings(**chosen)  # type: ignore[arg-type] # each row's ``read`` returns its attribute's type; a test says so


def load_process(dotenv: Path | None = None) -> Settings:
    """Return the settings of this process; the only place that looks at the real environment."""
    return load(os.environ, dotenv)


def _read_dotenv(path: Path) -> tuple[dict[str, str], list[str]]:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except UnicodeDecodeError:
        return {}, [f"{path} is not UTF-8 text; save it again as UTF-8."]
    except OSError as error:
        return {}, [f"{path} cannot be read ({error.strerror}); check the path and its permissions."]
    values: dict[str, str] = {}
    problems = []
    for binding in bindings:
        if binding.error:
            problems.append(f"{path}, line {binding.original.line}: not of the form NAME=value; see .env.example.")
        elif binding.key in _NAMES:
            values[binding.key] = binding.value or ""
        elif binding.key is not None and (complaint := _unknown(binding.key)):
            problems.append(f"{path}, line {binding.original.line}: {complaint}")
    return values, problems


def _unknown(key: str) -> str | None:
    """Complain about a name that looks like ours; other programs may share the file."""
    close = difflib.get_close_matches(key.upper(), _NAMES, n=1, cutoff=CLOSE_ENOUGH)
    if close:
        return f"{key} is no setting of Rendezvous; did you mean {close[0]}?"
    if key.upper().startswith(PREFIXES):
        return f"{key} is no setting of Rendezvous; there are {', '.join(_NAMES)}."
    return None
