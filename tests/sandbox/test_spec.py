"""Discord's own OpenAPI spec as the judge of every answer."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import discord
import pytest

from sandbox.server import Sandbox
from tests.sandbox.sandbox_client import Client, point_at
from tests.sandbox.sandbox_commands import Buttons, add_commands

pytestmark = pytest.mark.asyncio


def _judge() -> Any:
    folder = Path(__file__).parents[3] / "shared" / "discord-api"
    if not (folder / "openapi.json").exists():
        pytest.skip("Discord's OpenAPI spec is not beside this repository (shared/discord-api)")
    found = importlib.util.spec_from_file_location("validate_traffic", folder / "validate_traffic.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module, folder / "openapi.json"


def _known(entry: dict[str, Any], where: str, text: str) -> bool:
    """Whether a finding is a habit of discord.py or a gap of the validator, not a fault of the sandbox."""
    if where.rpartition("/")[2] in ("tts", "nsfw"):
        return True  # discord.py writes them into every payload, Discord ignores them
    if re.match(r"type: \d{17,} is not of type", text) and not where.startswith("response"):
        return True  # discord.py writes some snowflakes as ints, Discord coerces them
    if where == "flags" and "/webhooks/" in entry["path"] and "0x40" in text:
        return True  # a follow-up of an interaction may be ephemeral; the validator thinks of plain webhooks
    return bool(entry["status"] == 400 and not where.startswith("response"))  # a bad request, rightly refused


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_every_answer_satisfies_the_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, spec_path = _judge()
    record = tmp_path / "traffic.jsonl"
    async with Sandbox.start(page=False, record=record) as box:
        box.world.limits.open()
        point_at(box, monkeypatch)
        bot = Client()
        task = asyncio.create_task(bot.start(box.token))
        await box.ready(5)
        await bot.wait_until_ready()
        await _session(box, bot)
        await bot.close()
        await task
        assert len(box.traffic) > 30
    spec = module.Spec(str(spec_path), strict=True)
    entries = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    found = [(e, *f) for e in entries for f in module.check(spec, e)[1]]
    bad = [f"{e['method']} {e['path']} {where}: {text}" for e, _, where, text in found if not _known(e, where, text)]
    assert not bad, "\n".join(bad)


async def _session(box: Sandbox, bot: Client) -> None:
    """Touch every endpoint once, with good requests and refused ones."""
    add_commands(bot.tree)
    await bot.tree.sync()
    await bot.tree.sync(guild=discord.Object(box.world.guild.id))
    await bot.tree.fetch_commands()
    news, max_id = bot.get_channel(box.world.channel("space-news").id), box.world.user("Max").id
    forum = bot.get_channel(box.world.channel("stories-forum").id)
    announcements = bot.get_channel(box.world.channel("announcements").id)
    assert isinstance(news, discord.TextChannel)
    assert isinstance(forum, discord.ForumChannel)
    assert isinstance(announcements, discord.TextChannel)
    embed = discord.Embed(
        title="T", url="https://example.org/", description="D", colour=1, timestamp=discord.utils.utcnow()
    )
    embed.set_author(name="A", url="https://example.org/a", icon_url="https://example.org/i.png")
    embed.set_footer(text="F").set_image(url="https://example.org/i.png").add_field(name="n", value="v")
    story = await news.send("story", embed=embed, view=Buttons())
    thread = await story.create_thread(name="Comments")
    answer = await (await thread.send("one")).reply("two")
    await answer.edit(content="three")
    await answer.add_reaction("\N{ROCKET}")
    await thread.fetch_message(answer.id)
    _ = [m async for m in thread.history(limit=None)]
    _ = [m async for m in thread.history(limit=1, oldest_first=True)]
    await thread.edit(name="Renamed", archived=True)
    _ = [t async for t in news.archived_threads()]
    await thread.edit(archived=False)
    await news.guild.active_threads()
    await thread.join()
    await bot.fetch_channel(thread.id)
    await (await announcements.send("n")).publish()
    post, first = await forum.create_thread(name="Post", content="card", embed=embed)
    await first.reply("c")
    await bot.fetch_channel(forum.id)
    await bot.fetch_channel(news.id)
    view = discord.ui.LayoutView()
    box_item: discord.ui.Container[Any] = discord.ui.Container(accent_colour=3)
    box_item.add_item(discord.ui.TextDisplay("text")).add_item(discord.ui.Separator())
    box_item.add_item(discord.ui.Section("s", accessory=discord.ui.Thumbnail("https://example.org/i.png")))
    box_item.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("https://example.org/i.png")))
    box_item.add_item(discord.ui.ActionRow(discord.ui.Button(label="b", url="https://example.org/")))
    view.add_item(box_item)
    await (await news.send(view=view)).edit(view=view)
    await bot.fetch_guild(box.world.guild.id)
    await news.guild.fetch_member(max_id)
    await news.guild.fetch_channels()
    _ = [g async for g in bot.fetch_guilds()]
    await bot.application_info()
    await (await (await bot.fetch_user(max_id)).create_dm()).send("dm")
    async with news.typing():
        pass
    shown = await box.command(max_id, news.id, "stories latest", {"count": 5})
    await box.click(max_id, shown.token, "modal")
    public = await box.command(max_id, news.id, "stories latest", {"count": 2})
    assert public.message_id is not None
    for name in ("update", "pick", "later"):
        await box.click(max_id, public.message_id, name, ["a"] if name == "pick" else None)
    await box.command(max_id, news.id, "stories slow", {"channel": news.id})
    await box.autocomplete(max_id, news.id, "stories find", {"title": "x"}, "title")
    await story.delete()
    for wrong in (story.edit(content="x"), news.send(embed=discord.Embed(url="nowhere")), post.delete()):
        with pytest.raises(discord.HTTPException):
            await wrong
