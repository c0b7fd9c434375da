"""Embeds, components and files."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import discord
import pytest

from sandbox.components import _embed
from sandbox.permissions import ATTACH_FILES, EMBED_LINKS
from tests.conformance.registry import Around, always, behaviour
from tests.conformance.stage import Stage, refusal

pytestmark = pytest.mark.asyncio
V2 = 1 << 15
BAD = (400, 50035)


def button(custom_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "b", "custom_id": custom_id} | more


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


async def embeds_refused(stage: Stage, *embeds: dict[str, Any]) -> bool:
    return await refusal(stage.call("POST", stage.messages, embeds=list(embeds))) == BAD


async def components_refused(stage: Stage, *components: dict[str, Any], flags: int = 0, **more: Any) -> bool:
    body = {"components": list(components), "flags": flags} | more
    return await refusal(stage.call("POST", stage.messages, **body)) == BAD


@behaviour("embeds.ten", "A message has at most 10 embeds", "sandbox.checks:EMBEDS", 99)
async def test_embeds_are_few(stage: Stage) -> None:
    assert await embeds_refused(stage, *[{"title": str(n)} for n in range(11)])


@behaviour(
    "embeds.texts",
    "Title, description, footer and author of an embed have their lengths",
    "sandbox.checks:EMBED_TEXTS",
    (),
)
async def test_embed_texts_are_limited(stage: Stage) -> None:
    assert await embeds_refused(stage, {"title": "x" * 257})
    assert await embeds_refused(stage, {"description": "x" * 4097})
    assert await embeds_refused(stage, {"footer": {"text": "x" * 2049}})
    assert await embeds_refused(stage, {"author": {"name": "x" * 257}})


@behaviour("embeds.total", "All embeds together have at most 6000 characters", "sandbox.checks:embeds_total")
async def test_embeds_are_limited_together(stage: Stage) -> None:
    assert await embeds_refused(stage, {"description": "x" * 3001}, {"description": "y" * 3000})


@behaviour("embeds.fields", "An embed has at most 25 fields", "sandbox.checks:FIELDS", 99)
async def test_fields_are_few(stage: Stage) -> None:
    assert await embeds_refused(stage, {"fields": [{"name": "n", "value": "v"}] * 26})


@behaviour("embeds.scheme", "An embed's addresses are http or https", "sandbox.checks:check_scheme")
async def test_addresses_are_of_the_web(stage: Stage) -> None:
    assert await embeds_refused(stage, {"title": "x", "url": "javascript://alert(1)"})


@behaviour("embeds.form", "An embed's addresses are well formed", "sandbox.checks:check_form")
async def test_addresses_are_well_formed(stage: Stage) -> None:
    assert await embeds_refused(stage, {"title": "x", "url": "https://exa mple.org/"})


@behaviour(
    "embeds.same-url",
    "Of several embeds with one address only the first is kept",
    "sandbox.components:stored_embeds",
    lambda embeds: [_embed(e) for e in embeds],
)
async def test_embeds_of_one_address(stage: Stage) -> None:
    embeds = [discord.Embed(title=str(n), url="https://example.org/") for n in range(3)]
    assert [e.title for e in (await stage.news.send(embeds=embeds)).embeds] == ["0"]


@behaviour("embeds.right", "Embeds need EMBED_LINKS", "sandbox.rest.payload:may_attach")
async def test_embeds_need_a_right(stage: Stage) -> None:
    stage.deny(EMBED_LINKS)
    assert await refusal(stage.news.send(embed=discord.Embed(title="x"))) == (403, 50013)


@behaviour("components.rows", "Without the V2 flag a message has at most 5 rows", "sandbox.checks:rows_only")
async def test_rows_are_few(stage: Stage) -> None:
    assert await components_refused(stage, *[row(button(str(n))) for n in range(6)])


@behaviour("components.flag", "A text display needs the V2 flag", "sandbox.checks:rows_only")
async def test_v2_needs_its_flag(stage: Stage) -> None:
    assert await components_refused(stage, {"type": 10, "content": "x"}, content="y")


@behaviour("components.in-row", "A row holds 1 to 5 buttons", "sandbox.checks:IN_ROW", 99)
async def test_buttons_in_a_row_are_few(stage: Stage) -> None:
    assert await components_refused(stage, row(*[button(str(n)) for n in range(6)]))


@behaviour("components.unique", "A custom id stands once in a message", "sandbox.checks:unique_custom_ids")
async def test_custom_ids_are_unique(stage: Stage) -> None:
    assert await components_refused(stage, row(button("a"), button("a")))


@behaviour("components.custom-id", "A custom id has at most 100 characters", "sandbox.checks:CUSTOM_ID", 999)
async def test_custom_ids_are_short(stage: Stage) -> None:
    assert await components_refused(stage, row(button("a" * 101)))


@behaviour("components.label", "A button's label has at most 80 characters", "sandbox.checks:LABEL", 999)
async def test_labels_are_short(stage: Stage) -> None:
    assert await components_refused(stage, row(button(label="x" * 81)))


@behaviour(
    "components.button-target",
    "A link needs an address, another button a custom id",
    "sandbox.checks:button_target",
)
async def test_buttons_lead_somewhere(stage: Stage) -> None:
    assert await components_refused(stage, row({"type": 2, "style": 5, "label": "nowhere"}))
    assert await components_refused(stage, row({"type": 2, "style": 1, "label": "nothing"}))


@behaviour("components.v2-alone", "Components V2 exclude content and embeds", "sandbox.checks:LEGACY", ())
async def test_v2_stands_alone(stage: Stage) -> None:
    assert await components_refused(stage, {"type": 10, "content": "x"}, flags=V2, content="y")


@behaviour("components.v2-total", "Components V2 are at most 40, nested ones too", "sandbox.checks:V2_TOTAL", 99)
async def test_v2_has_forty(stage: Stage) -> None:
    inside = [{"type": 10, "content": "x"}] * 40
    assert await components_refused(stage, {"type": 17, "components": inside}, flags=V2)


@behaviour("components.v2-text", "Components V2 have at most 4000 characters of text", "sandbox.checks:V2_TEXT", 99_999)
async def test_v2_text_is_limited(stage: Stage) -> None:
    texts = [{"type": 10, "content": "x" * 2001}, {"type": 10, "content": "y" * 2000}]
    assert await components_refused(stage, *texts, flags=V2)


def _dropping_flag(original: Any, call: Any, channel: Any, message: Any, body: Any) -> None:
    original(call, channel, message, body)
    message.flags = int(body.get("flags") or 0)


@behaviour(
    "components.v2-stays",
    "A message that is Components V2 stays so",
    "sandbox.rest.payload:apply_edit",
    Around(_dropping_flag),
)
async def test_v2_stays(stage: Stage) -> None:
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("x"))
    sent = await stage.news.send(view=view)
    edited = await stage.call(
        "PATCH", f"{stage.messages}/{sent.id}", components=[{"type": 10, "content": "y"}], flags=0
    )
    assert edited["flags"] & V2


@behaviour(
    "components.v2-no-way-in",
    "A message with content becomes V2 only when the content goes",
    "sandbox.rest.payload:kept_v2",
)
async def test_content_must_go_first(stage: Stage) -> None:
    sent = await stage.news.send("old")
    body = {"components": [{"type": 10, "content": "y"}], "flags": V2}
    path = f"{stage.messages}/{sent.id}"
    assert await refusal(stage.call("PATCH", path, **body)) == BAD
    await stage.call("PATCH", path, content=None, **body)


@behaviour(
    "components.numbered",
    "Components without an id are numbered",
    "sandbox.components:stored_components",
    lambda components: components,
)
async def test_components_are_numbered(stage: Stage) -> None:
    sent = await stage.call("POST", stage.messages, content="x", components=[row(button("a"), button("b"))])
    assert sent["components"][0]["id"] == 1
    assert [c["id"] for c in sent["components"][0]["components"]] == [2, 3]


@behaviour(
    "files.kept",
    "An uploaded file can be read back",
    "sandbox.rest.files:_keep",
    Around(lambda original, world, file: (original(world, file), world.files.clear())[0]),
)
async def test_files_are_kept(stage: Stage) -> None:
    file = discord.File(BytesIO(b"some bytes"), "a note.txt")
    sent = await stage.news.send(file=file)
    assert (sent.attachments[0].filename, sent.attachments[0].size) == ("a_note.txt", 10)
    assert await sent.attachments[0].read() == b"some bytes"


def small_file(name: str = "a.txt") -> discord.File:
    return discord.File(BytesIO(b"xx"), name)


@behaviour("files.size", "A file that is too large is refused (413, 40005)", "sandbox.rest.files:small_enough")
async def test_files_are_limited(stage: Stage) -> None:
    stage.limits.file_bytes = 1
    assert await refusal(stage.news.send(file=small_file())) == (413, 40005)


@behaviour("files.right", "Files need ATTACH_FILES", "sandbox.rest.payload:may_attach")
async def test_files_need_a_right(stage: Stage) -> None:
    stage.deny(ATTACH_FILES)
    assert await refusal(stage.news.send(file=small_file())) == (403, 50013)


@behaviour(
    "files.edit", "An edit keeps only the attachments that it lists", "sandbox.rest.payload:_keeps", always(True)
)
async def test_edits_choose_attachments(stage: Stage) -> None:
    sent = await stage.news.send("x", files=[small_file("a.txt"), small_file("b.txt")])
    edited = await sent.edit(attachments=sent.attachments[1:])
    assert [a.filename for a in edited.attachments] == ["b.txt"]
