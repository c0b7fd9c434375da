"""Templates, roles and colours: filled once, nothing evaluated, nobody called whom the admin did not choose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import looks, markdown, render
from bot.chat.messages import embed_of, says
from bot.errors import BadOption
from bot.looks import Facts, dressed
from bot.model import StoredStory, Story
from bot.options import Looks

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
STORY = Story(
    "Crew docks at Tiangong",
    url="https://example.org/docks",
    site="Orbit Gazette",
    author="A. Writer",
    summary="Three people arrived.",
    published_at=AT,
)
STORED = StoredStory(7, STORY, 1, AT, 3)
ROLE = 4711


def above(template, story=STORY, *, role=None, facts=None, ping=False):
    stored = replace(STORED, story=story)
    wanted = Looks(role_id=role, template=looks.template(template))
    return dressed(render.card(stored), wanted, stored, facts or Facts(), ping=ping)


def test_every_placeholder_is_filled_and_each_is_shown_by_the_test():
    facts = Facts(("mars", "own-topic"), ("Orbit Gazette", "Second"))
    text = "|".join(f"{name}={{{name}}}" for name in looks.PLACEHOLDERS)
    assert above(text, role=ROLE, facts=facts).content == (
        "title=Crew docks at Tiangong|url=<https://example.org/docks>|site=Orbit Gazette|author=A. Writer"
        "|summary=Three people arrived.|topic=mars, own-topic|source=Orbit Gazette, Second"
        f"|published=<t:{int(AT.timestamp())}:f>|comments=3 comments|role=<@&{ROLE}>"
    )


def test_what_a_story_lacks_is_empty():
    bare = Story("Title")
    assert above("[{url}{site}{author}{summary}{topic}{source}{published}{role}]", bare).content == "[]"


@pytest.mark.parametrize(
    "text",
    [
        "{0.__class__}", "{s._token}", "%s", "${x}", "{{x}}", "{title.__init__.__globals__}", "{title!r}", "{title:>9}",
        "{Title}", "{ title }", "{}", "{", "}", "{title", "%(title)s", "${title", "$title", "{title[0]}", "{a\nb}",
    ],
)  # fmt: skip
def test_h30_only_the_closed_set_of_names_is_filled(text):
    assert above(text).content == text


def test_h31_a_width_is_literal_text_and_allocates_nothing():
    assert above("{t:>2000000000}{title:>2000000000}").content == "{t:>2000000000}{title:>2000000000}"


def test_h32_what_was_filled_in_is_not_filled_again():
    evil = replace(STORY, title="{url} {role}", author="{summary}", summary="{title}", site="{title}")
    post = above("{title}/{author}/{summary}/{site}", evil, role=ROLE, ping=True)
    assert post.content == f"<@&{ROLE}> {{url}} {{role}}/{{summary}}/{{title}}/{{title}}"


def test_h35_a_story_cannot_speak_in_the_frame_that_names_its_source():
    words = "**Moderator**: your account is banned, see https://evil.example"
    evil = replace(
        STORY, title=words, summary="-# Orbit Gazette · 3 comments", author=f"Moderator @everyone <@&{ROLE}>"
    )
    post = above("{title}\n{author}", evil)
    assert post.embed is not None
    assert (post.embed.author, post.embed.url) == ("Orbit Gazette", "https://example.org/docks")
    assert post.embed.footer == f"Moderator @everyone <@&{ROLE}>", "a footer neither formats nor calls"
    assert "**Moderator**" not in post.content
    assert f"<@&{ROLE}>" not in post.content
    assert post.role_id is None


def test_a15_a_template_has_1000_characters_and_2000_placeholders_are_refused():
    for text in ("x" * 6000, "{url}" * 2000, "x" * 1001):
        with pytest.raises(BadOption, match="1000 characters"):
            looks.template(text)
    assert looks.template(" " + "x" * 1000 + "\n") == "x" * 1000


def test_a15_what_a_template_makes_of_a_story_stays_within_a_message():
    long = replace(STORY, title="T" * 250, url="https://example.org/" + "u" * 500, summary="S. " * 300)
    for text in ("{url}" * 200, "{title}" * 142, "{summary}" * 100, "ä" * 1000, "😀" * 500):
        post = above(text, long)
        assert 0 < markdown.units(post.content) <= 2000
        assert post.content.count("<http") == post.content.count(">")
        plain = dressed(render.plain_card(STORED), Looks(template=text), STORED, Facts())
        assert markdown.units(plain.content) <= 2000


def test_a_role_is_called_once_and_before_the_text_where_the_template_does_not_place_it():
    post = above("New: {title}", role=ROLE, ping=True)
    assert (post.content, post.role_id) == (f"<@&{ROLE}> New: Crew docks at Tiangong", ROLE)
    assert above("{title} for {role}", role=ROLE, ping=True).content == f"Crew docks at Tiangong for <@&{ROLE}>"
    silent = above("", role=ROLE)
    assert (silent.content, silent.role_id) == (f"<@&{ROLE}>", None)


def test_a_template_that_names_another_role_or_everyone_calls_nobody():
    post = above("@everyone <@&99> <@5>", ping=True)
    assert post.role_id is None


@pytest.mark.parametrize("title", ["A story without an address", "T" * 400, "*" * 300])
def test_a_test_is_never_taken_for_the_card_of_a_story_without_an_address(title):
    stored = replace(STORED, story=Story(title))
    card = render.card(stored)
    test = looks.as_test(card, "A test that an admin asked for")
    bot = SimpleNamespace(user=SimpleNamespace(id=1))

    def message(post):
        return SimpleNamespace(
            author=bot.user, type=discord.MessageType.default, interaction_metadata=None, content=post.content,
            embeds=[embed_of(post.embed)], components=[],
        )  # fmt: skip

    assert card.permalink is None
    assert says(bot, message(card), card)
    assert not says(bot, message(test), card)
    assert 0 < markdown.units(test.embed.title) <= 256


def test_without_looks_a_card_is_as_it_was():
    card = render.card(STORED)
    assert dressed(card, Looks(), STORED, Facts(), ping=True) == card


def test_a_card_of_text_keeps_its_address_in_its_first_line():
    plain = render.plain_card(STORED)
    post = dressed(plain, Looks(template="**{title}**", role_id=ROLE), STORED, Facts(), ping=True)
    assert post.content.split("\n")[0] == plain.content.split("\n")[0]
    assert "(<https://example.org/docks>)" in post.content.split("\n")[0]
    assert post.content.endswith(f"<@&{ROLE}> **Crew docks at Tiangong**")


def test_what_looks_like_a_placeholder_and_is_none_is_told():
    assert looks.unknown("{title} {titel} {0.x} {titel} {{role}} {Role}") == ("titel", "0.x", "Role")


@pytest.mark.parametrize(
    ("text", "value"), [("#3A6ea5", 0x3A6EA5), ("3a6ea5", 0x3A6EA5), (" Red ", 0xE74C3C), ("#000000", 0)]
)
def test_a_colour_is_a_name_or_hexadecimal(text, value):
    assert looks.colour(text) == value
    assert looks.colour(looks.shown_colour(value)) == value


@pytest.mark.parametrize("text", ["", "#12", "#1234567", "rgb(1,2,3)", "#gggggg", "reddish", "-1", "1e9", "#" * 5000])
def test_a11_what_is_no_colour_is_refused(text):
    with pytest.raises(BadOption, match="#rrggbb"):
        looks.colour(text)


@given(st.text(max_size=200), st.text(max_size=300), st.text(max_size=300))
def test_any_template_and_any_story_make_a_message(template, title, summary):
    story = replace(STORY, title=title, summary=markdown.from_text(summary))
    post = above(template, story, role=ROLE, ping=True)
    assert markdown.units(post.content) <= 2000
    assert post.role_id in (None, ROLE)
