"""Commands, clicks and modals in use, and the clocks that run meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
import pytest_asyncio
from discord import app_commands

from sandbox.model import EPHEMERAL
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import PATIENCE, Stage, refusal

pytestmark = pytest.mark.asyncio
BAD = (400, 50035)


class Form(discord.ui.Modal, title="Form"):
    """A modal with one field."""

    word: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Word", custom_id="word")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"got {self.word.value}")


class Buttons(discord.ui.View):
    """Buttons and selects for every kind of answer."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Update", custom_id="update")
    async def update(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.edit_message(content="updated")

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, _: Any) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="roles")
    async def roles(self, interaction: discord.Interaction, chosen: discord.ui.RoleSelect[Any]) -> None:
        await interaction.response.send_message(chosen.values[0].name)


Acts = dict[str, Any]


@pytest_asyncio.fixture
async def acts(stage: Stage) -> Acts:
    """A command /do whose answer a test chooses, and what is known of its interaction."""
    kept: Acts = {"answer": None}
    tree = stage.bot.tree

    @tree.command(name="do", description="Do it")
    async def do(interaction: discord.Interaction, number: app_commands.Range[int, 1, 9] = 1, title: str = "") -> None:
        kept.update(interaction=interaction, number=number)
        if kept["answer"] is not None:
            await kept["answer"](interaction)

    @do.autocomplete("title")
    async def titles(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}{n}", value=str(n)) for n in range(3)]

    await tree.sync()
    return kept


async def use(stage: Stage, acts: Acts, answer: Any = None, **options: Any) -> Any:
    """Use /do as Max, with this answer."""
    acts["answer"] = answer
    return await stage.box.command(stage.max, stage.news.id, "do", options)


async def unanswered(stage: Stage, acts: Acts) -> tuple[discord.Interaction, asyncio.Task[Any]]:
    """Use /do without an answer, and return the interaction while it waits."""
    acts.pop("interaction", None)
    person = asyncio.create_task(use(stage, acts))
    async with asyncio.timeout(PATIENCE):
        while "interaction" not in acts:
            await asyncio.sleep(0.005)
    return acts["interaction"], person


async def say(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("said")


async def whisper(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("psst", ephemeral=True)


async def think(interaction: discord.Interaction) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.followup.send("thought", wait=True)


async def show_buttons(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("choose", view=Buttons())


@behaviour(
    "interactions.answer",
    "A command's answer is posted, as a message of its own type",
    "sandbox.rest.interactions:kind_of",
    always(0),
)
async def test_commands_are_answered(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, say, number=7)
    sent = await stage.news.fetch_message(shown.message_id)
    assert (shown.content, acts["number"], sent.type) == ("said", 7, discord.MessageType.chat_input_command)


@behaviour(
    "interactions.range",
    "A person cannot give a value out of range",
    "sandbox.command_data:_check_value",
)
async def test_ranges_are_kept(stage: Stage, acts: Acts) -> None:
    with pytest.raises(ValueError, match="out of range"):
        await use(stage, acts, say, number=10)


@behaviour(
    "interactions.ephemeral",
    "An ephemeral answer is no message of the channel",
    "sandbox.rest.interactions:for_one",
    always(False),
)
async def test_ephemeral_answers(stage: Stage, acts: Acts) -> None:
    await stage.bot.heard_now()
    shown = await use(stage, acts, whisper)
    assert (shown.content, shown.ephemeral) == ("psst", True)
    assert "message" not in await stage.bot.heard_now()
    assert [m async for m in stage.news.history()] == []


@behaviour(
    "interactions.with-response",
    "with_response=1 answers 200 with the message",
    "sandbox.rest.interactions:_described",
    lambda _call, found, _kind: {"interaction": {"id": str(found.id), "type": found.type}},
)
async def test_answers_with_response(stage: Stage, acts: Acts) -> None:
    kept: list[Any] = []

    async def keep(interaction: discord.Interaction) -> None:
        kept.append(await interaction.response.send_message("said"))

    shown = await use(stage, acts, keep)
    assert (kept[0].message_id, kept[0].resource.content) == (shown.message_id, "said")


@behaviour(
    "interactions.three-seconds", "After 3 seconds an interaction is unknown (10062)", "sandbox.interactions:in_time"
)
async def test_answers_in_time(stage: Stage, acts: Acts) -> None:
    interaction, person = await unanswered(stage, acts)
    stage.clock.advance(3.1)
    assert (await person).kind == "failed"
    assert await refusal(say(interaction)) == (404, 10062)


@behaviour(
    "interactions.failed",
    "A person is told after 3 seconds that nothing came",
    "sandbox.clock:Clock.advance",
)
async def test_people_are_told(stage: Stage, acts: Acts) -> None:
    _, person = await unanswered(stage, acts)
    stage.clock.advance(3.1)
    assert (await asyncio.wait_for(person, 1)).content == "The application did not respond"


@behaviour("interactions.once", "A second first answer is 40060", "sandbox.interactions:unanswered")
async def test_one_first_answer(stage: Stage, acts: Acts) -> None:
    await use(stage, acts, say)
    interaction = acts["interaction"]
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    assert await refusal(stage.call("POST", path, type=4, data={"content": "x"})) == (400, 40060)


@behaviour(
    "interactions.unknown",
    "An interaction that never was is 10062",
    "sandbox.interactions:Interactions.open",
    lambda self, *_: next(iter(self.by_token.values())),
)
async def test_unknown_interactions(stage: Stage, acts: Acts) -> None:
    await use(stage, acts, say)
    attempt = stage.call("POST", "/interactions/1/token/callback", type=4, data={"content": "x"})
    assert await refusal(attempt) == (404, 10062)


@behaviour("interactions.fitting", "An answer has a kind that fits", "sandbox.rest.interactions:fitting")
async def test_answers_fit(stage: Stage, acts: Acts) -> None:
    interaction, person = await unanswered(stage, acts)
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    assert await refusal(stage.call("POST", path, type=8, data={"choices": []})) == BAD
    await say(interaction)
    assert (await person).content == "said"


@behaviour(
    "interactions.defer",
    "A deferred answer is filled by the first follow-up",
    "sandbox.rest.followups:_settle",
    Around(lambda original, call, found: _beside(call, found)),
)
async def test_deferred_answers(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, think)
    original = await acts["interaction"].original_response()
    assert (shown.content, original.content, original.id) == ("thought", "thought", shown.message_id)


def _beside(call: Any, found: Any) -> Any:
    found.settled.set()
    return call.world.make(call.world.channels[found.channel_id], _draft(call))


def _draft(call: Any) -> Any:
    from sandbox.world_messages import Draft

    return Draft(call.world.bot_id, "elsewhere")


def _made_public(original: Any, call: Any, found: Any) -> Any:
    found.original.flags &= ~EPHEMERAL
    return original(call, found)


@behaviour(
    "interactions.defer-flags",
    "Whether an answer is ephemeral is decided by the defer",
    "sandbox.rest.followups:_settle",
    Around(_made_public),
)
async def test_the_defer_decides(stage: Stage, acts: Acts) -> None:
    async def secretly(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("public?", wait=True)

    assert (await use(stage, acts, secretly)).ephemeral


@behaviour("interactions.original", "@original can be read, changed and deleted", "sandbox.rest.interactions:change")
async def test_the_original_answer(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, say)
    await acts["interaction"].edit_original_response(content="said again")
    assert (await stage.news.fetch_message(shown.message_id)).content == "said again"
    await acts["interaction"].delete_original_response()
    assert await refusal(acts["interaction"].original_response()) == (404, 10008)


@behaviour(
    "interactions.follow-up",
    "A follow-up is a message of its own",
    "sandbox.rest.followups:store",
    Around(lambda original, call, found, *args, **named: found.original or original(call, found, *args, **named)),
)
async def test_follow_ups(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, say)
    more = await acts["interaction"].followup.send("more", wait=True)
    assert more.id != shown.message_id
    assert (await more.edit(content="changed")).content == "changed"


@behaviour("interactions.token", "After 15 minutes the token is invalid (50027)", "sandbox.interactions:token_valid")
async def test_tokens_run_out(stage: Stage, acts: Acts) -> None:
    await use(stage, acts, say)
    stage.clock.advance(890)
    await acts["interaction"].followup.send("still")
    stage.clock.advance(20)
    assert await refusal(acts["interaction"].followup.send("too late")) == (401, 50027)


@behaviour(
    "interactions.no-follow-up-first",
    "There is no follow-up before the first answer (10015)",
    "sandbox.interactions:Interactions.later",
    lambda self, token: self.by_token[token],
)
async def test_no_follow_up_first(stage: Stage, acts: Acts) -> None:
    interaction, person = await unanswered(stage, acts)
    assert await refusal(interaction.followup.send("x")) == (404, 10015)
    await say(interaction)
    await person


@behaviour(
    "autocomplete.choices",
    "Autocomplete gives the choices for what is typed",
    "sandbox.rest.interactions:_choices",
    always([]),
)
async def test_autocomplete(stage: Stage, acts: Acts) -> None:
    choices = await stage.box.autocomplete(stage.max, stage.news.id, "do", {"title": "ab"}, "title")
    assert [c["name"] for c in choices] == ["ab0", "ab1", "ab2"]


async def _offer(stage: Stage, *choices: dict[str, str]) -> tuple[int, int]:
    """Answer an autocomplete by hand."""
    data = {"id": "1", "name": "do", "type": 1, "options": []}
    found = stage.box._interactions.send(4, stage.max, stage.news.id, data)
    path = f"/interactions/{found.id}/{found.token}/callback"
    return await refusal(stage.call("POST", path, type=8, data={"choices": list(choices)}))


@behaviour("autocomplete.few", "Autocomplete gives at most 25 choices", "sandbox.rest.interactions:CHOICES", 99)
async def test_choices_are_few(stage: Stage) -> None:
    assert await _offer(stage, *[{"name": str(n), "value": str(n)} for n in range(26)]) == BAD


@behaviour(
    "autocomplete.short", "A choice has at most 100 characters", "sandbox.rest.interactions:_choices", always([])
)
async def test_choices_are_short(stage: Stage) -> None:
    assert await _offer(stage, {"name": "x" * 101, "value": "x"}) == BAD


@behaviour("components.update", "A click may change its message", "sandbox.rest.interactions:change")
async def test_clicks_change_messages(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, show_buttons)
    assert (await stage.box.click(stage.max, shown.message_id, "update")).kind == "update"
    assert (await stage.news.fetch_message(shown.message_id)).content == "updated"


@behaviour(
    "components.defer-update",
    "A click may be answered later, in its message",
    "sandbox.rest.followups:change",
)
async def test_clicks_are_answered_later(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, show_buttons)
    assert (await stage.box.click(stage.max, shown.message_id, "later")).content == "later"


@behaviour(
    "components.roles",
    "A select of roles gives the roles themselves",
    "sandbox.command_data:resolved",
    always({}),
)
async def test_role_selects(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, show_buttons)
    role = next(r for r in stage.world.guild.roles.values() if r.name == "Moderator")
    assert (await stage.box.click(stage.max, shown.message_id, "roles", [str(role.id)])).content == "Moderator"


@behaviour(
    "modals.round",
    "A modal is shown, filled in and answered",
    "sandbox.modal_data:_filled",
    Around(lambda original, component, _fields: original(component, {component["custom_id"]: "something else"})),
)
async def test_modals(stage: Stage, acts: Acts) -> None:
    shown = await use(stage, acts, show_buttons)
    form = await stage.box.click(stage.max, shown.message_id, "form")
    assert (form.kind, form.modal["title"]) == ("modal", "Form")
    name = form.modal["custom_id"]
    assert (await stage.box.submit_modal(stage.max, stage.news.id, name, {"word": "hi"})).content == "got hi"


async def _open_modal(stage: Stage, acts: Acts, **data: Any) -> tuple[int, int]:
    interaction, person = await unanswered(stage, acts)
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    refused = await refusal(stage.call("POST", path, type=9, data={"custom_id": "m"} | data))
    stage.clock.advance(4)
    await person
    return refused


def _field(number: int) -> dict[str, Any]:
    return {"type": 18, "label": "l", "component": {"type": 4, "custom_id": str(number), "style": 1}}


@behaviour("modals.title", "A modal's title has at most 45 characters", "sandbox.rest.interactions:TITLE", 999)
async def test_modal_titles(stage: Stage, acts: Acts) -> None:
    assert await _open_modal(stage, acts, title="x" * 46, components=[_field(1)]) == BAD


@behaviour("modals.fields", "A modal has 1 to 5 parts", "sandbox.rest.interactions:IN_MODAL", 99)
async def test_modal_fields(stage: Stage, acts: Acts) -> None:
    assert await _open_modal(stage, acts, title="x", components=[_field(n) for n in range(6)]) == BAD


@behaviour(
    "interactions.global-exempt",
    "Answers do not count to the bot's global limit",
    "sandbox.rest.throttle:counts_globally",
    always(True),
)
async def test_answers_are_exempt(stage: Stage, acts: Acts) -> None:
    interaction, person = await unanswered(stage, acts)
    stage.limits.global_per_second = 0
    await say(interaction)
    assert (await person).content == "said"
    assert (await stage.raw("GET", "/users/@me")).status == 429
