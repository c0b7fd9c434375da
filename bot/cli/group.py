"""The command ``rendezvous``: reads the settings once, sets up logging, and loads the command that was asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

import click

from bot import log
from bot.config import Settings, load_process
from bot.errors import RendezvousError, SettingsError

EX_CONFIG = 78
DOTENV = Path(".env")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, its line in the list, and whether it runs although the settings are wrong."""

    target: str
    help: str
    tolerant: bool = False


COMMANDS: dict[str, Entry] = {
    "run": Entry("bot.cli.run:run", "Start the bot: on Discord with a token, else in the local sandbox."),
    "demo": Entry("bot.cli.demo:demo", "Post one story and its comments into a local Discord, and print it."),
    "read": Entry("bot.cli.read:read", "Show what the bot would see at an address or in a file; store nothing."),
    "import": Entry("bot.cli.import_:import_pages", "Store stories with their comments from saved pages or addresses."),
    "topics": Entry("bot.cli.topics:topics", "Say which stories are about a topic, and why."),
    "sources": Entry("bot.cli.sources:sources", "List, add, import, check or remove what is read for all servers."),
    "invite": Entry("bot.cli.invite:invite", "Print the link that adds the bot to a server."),
    "doctor": Entry("bot.cli.doctor:doctor", "Check settings, database, token and permissions.", tolerant=True),
}

HELP = """Mirror news stories and their comment threads into Discord, and keep them in SQLite.

\b
Try it without an account:
  rendezvous run                      a local Discord with a page to look at
  rendezvous demo --once              the same without a browser, as text

\b
Set it up on Discord:
  cp .env.example .env                then put your bot's token into DISCORD_TOKEN
  rendezvous doctor                   says what is still missing
  rendezvous invite                   prints the link that adds the bot to a server
  rendezvous run                      then type /setup in that server

\b
Feed it:
  rendezvous sources add --starter                well-known space-news sources, read on their own from then on
  rendezvous read https://blog.example/feed/      shows what the bot would see, and stores nothing
  rendezvous import saved-story.html https://blog.example/story
  rendezvous topics match "A headline"            says whether a story is about cooperation in space, and why
"""


class SettingsProblem(click.ClickException):
    """Wrong settings, shown one a line; the exit status tells a service manager not to try again."""

    exit_code = EX_CONFIG

    def __init__(self, error: SettingsError) -> None:
        lines = "".join(f"\n  - {problem}" for problem in error.problems)
        super().__init__(f"the settings need your attention:{lines}")


class LazyGroup(click.Group):
    """A group that lists its commands from a table and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order, which is the order in which one meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module; None when there is no such command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing anything heavy."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; every error that we raise on purpose ends as one clear message and no traceback."""
        # Asked for help, we teach even when the settings are wrong. The group's callback cannot see this later.
        ctx.meta["rendezvous.help"] = "--help" in ctx.args
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise SettingsProblem(error) from error
        except RendezvousError as error:
            click.ClickException(str(error)).show()
            ctx.exit(error.exit_code)


@click.group(cls=LazyGroup, help=HELP)
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Read settings from this file instead of ./.env; the real environment wins over both.",
)
@click.version_option(package_name="rendezvous-bot", prog_name="rendezvous")
@click.pass_context
def cli(ctx: click.Context, env_file: Path | None) -> None:
    """Read the settings and hand them to the command; click shows ``HELP``."""
    dotenv = env_file or (DOTENV if DOTENV.is_file() else None)
    entry = COMMANDS.get(ctx.invoked_subcommand or "")
    try:
        ctx.obj = load_process(dotenv)
    except SettingsError as error:
        if not (ctx.meta["rendezvous.help"] or (entry and entry.tolerant)):
            raise
        ctx.obj, ctx.meta["rendezvous.problem"] = Settings(), error
    settings: Settings = ctx.obj
    log.set_up(settings.log_level, [settings.discord_token or ""])
