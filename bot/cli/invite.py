"""rendezvous invite: the link that adds the bot to a server, with exactly what it needs."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlencode

import click

from bot.config import Settings
from bot.permissions import NEEDED, SCOPES, bits

AUTHORIZE = "https://discord.com/oauth2/authorize"
LARGEST_ID = 2**63 - 1

HELP = """Print the link that adds the bot to a server, with exactly the permissions it needs.

\b
Examples:
  rendezvous invite                                    the id comes from DISCORD_TOKEN
  rendezvous invite --application-id 123456789012345678
"""


@click.command(help=HELP)
@click.option(
    "--application-id",
    type=click.IntRange(1, LARGEST_ID),
    help="The application id from the developer portal; by default it is read out of DISCORD_TOKEN.",
)
@click.pass_obj
def invite(settings: Settings, application_id: int | None) -> None:
    """Print the link on standard output and the reasons beside it."""
    application_id = application_id or application_of(settings.discord_token)
    if application_id is None:
        raise click.ClickException(
            "the application's id is not known. Set DISCORD_TOKEN in .env, or pass --application-id with the number "
            "under 'General Information' of your application in the developer portal."
        )
    click.echo(invite_link(application_id))
    click.echo("\nOpen it, choose a server in which you have Manage Server. The bot asks for:", err=True)
    for permission in NEEDED:
        click.echo(f"  {permission.title}: {permission.reason}", err=True)


def invite_link(application_id: int) -> str:
    """Return the address at which an admin adds the application to a server."""
    query = {"client_id": application_id, "scope": " ".join(SCOPES), "permissions": bits()}
    return f"{AUTHORIZE}?{urlencode(query)}"


def application_of(token: str | None) -> int | None:
    """Return the id that a token's first part holds in base64, or None; right for every bot made since 2016."""
    if not token or token.count(".") != 2:
        return None
    first = token.partition(".")[0]
    try:
        text = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= LARGEST_ID):
        return None
    return int(text)
