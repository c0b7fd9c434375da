"""rendezvous doctor: checks everything that must be right before the bot can work, and says what to do."""

from __future__ import annotations

import asyncio
import sys

import click

from bot import doctor as checks
from bot.chat.rest_check import RestCheck
from bot.config import Settings
from bot.doctor import Finding
from bot.errors import SettingsError
from bot.log import escape

HELP = """Check the settings, the database, the token, the gateway and the permissions in each followed channel.

It changes nothing on Discord and may run beside the bot. Each line with a cross says what to do; the exit status is
then 1.

\b
Examples:
  rendezvous doctor
  rendezvous --env-file production.env doctor
"""


@click.command(help=HELP)
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Print every finding."""
    settings: Settings = ctx.obj
    findings = _settings(ctx.find_root().meta.get("rendezvous.problem"))
    # Wrong settings name a wrong database or server: what would be found there says nothing.
    if all(finding.ok for finding in findings):
        findings += asyncio.run(examine(settings))
    for finding in findings:
        click.echo(f"{'✓' if finding.ok else '✗'} {escape(finding.what)}")
        if not finding.ok:
            click.echo(f"    to do: {escape(finding.todo)}")
    wrong = sum(not finding.ok for finding in findings)
    click.echo(f"\n{wrong} to do." if wrong else "\nAll is well.")
    if wrong:
        sys.exit(1)


async def examine(settings: Settings) -> list[Finding]:
    """Check what the settings point at: the database first, as it knows the channels to check on Discord."""
    finding, followed = await checks.check_database(settings.database_path)
    if settings.discord_token is None:
        todo = "set DISCORD_TOKEN in .env (see README.md); until then rendezvous run uses the local sandbox."
        return [finding, Finding("no DISCORD_TOKEN is set", todo)]
    async with RestCheck.open(settings.discord_api_url, settings.discord_token) as rest:
        return [finding, *await checks.check_discord(rest, followed, content=settings.message_content)]


def _settings(problem: SettingsError | None) -> list[Finding]:
    if problem is None:
        return [Finding("the settings are readable")]
    return [Finding("a setting is wrong", text) for text in problem.problems]
