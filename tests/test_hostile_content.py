"""What strangers write, row by row of the hostile inputs: nobody is pinged, nothing is forged, nothing is lost."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import markdown, render
from bot.ingest import ingest
from bot.model import Comment, StoredStory, Story, StoryPage
from tests.conftest import Start
from tests.test_flow import story_channel, writes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STORY = Story("An airlock", url="https://site.example/airlock", site="Site")


def shown(html):
    """Return what a comment of this HTML looks like below its head."""
    (post,) = render.comment_parts(STORY, Comment("wp-1", "Ann", markdown.from_html(html)))
    return post.content.split("\n", 1)[1]


def active(text, mark):
    """Say whether a mark stands there without a backslash before it."""
    return re.search(rf"(?<!\\){mark}", text) is not None


@pytest.mark.parametrize("ping", ["@everyone", "@here"])
def test_h01_everyone_is_broken_and_still_readable(ping):
    assert ping not in shown(f"<p>{ping}</p>")
    assert ping in shown(f"<p>{ping}</p>").replace("\u200b", "")


@pytest.mark.parametrize(
    "form", ["<@1>", "<@!1>", "<@&1>", "<#1>", "<t:1:R>", "<a:x:12345678901234567>", "</cmd:1>", "<id:guide>"]
)
def test_h02_h03_mentions_of_every_form_are_text(form):
    text = shown("<p>" + form.replace("<", "&lt;").replace(">", "&gt;") + "</p>")
    assert not active(text, re.escape(form[:2]))
    assert text.replace("\\", "") == form


@pytest.mark.parametrize("html", ["@every\u200bone", "@every\u00adone", "&lt;@\u200b1&gt;", "&lt;\u2060@1&gt;"])
def test_h04_a_mention_split_by_what_nobody_sees_is_joined_and_then_broken(html):
    text = shown(f"<p>{html}</p>")
    assert "@everyone" not in text
    assert not active(text, "<@")


@pytest.mark.asyncio
async def test_h06_a_mention_that_comes_with_an_edit_pings_nobody(start: Start):
    page = StoryPage(STORY, (Comment("wp-1", "Ann", "Hello."),))
    async with start() as run:
        await run.follow()
        await run.deliver(page)
        evil = Comment("wp-1", "@everyone", markdown.from_html("<p>@here &lt;@&amp;7&gt;</p>"))
        await run.deliver(replace(page, comments=(evil,)))
        (message,) = story_channel(run)[0]["thread"]["messages"]
        assert "@here" not in message["content"] and "@everyone" not in message["content"]
        assert "here" in message["content"]
        assert all(entry["body"]["allowed_mentions"]["parse"] == [] for entry in writes(run))


@pytest.mark.parametrize(
    "html", ["[bank](https://evil.example)", '<a href="https://evil.example">https://bank.example</a>']
)
def test_h07_a_link_never_hides_where_it_leads(html):
    text = shown(f"<p>{html}</p>")
    assert not re.search(r"(?<!\\)\[[^\]]*bank[^\]]*\]\(", text)
    assert "evil.example" in text


def test_h10_an_invite_is_not_shown_as_one():
    text = shown('<p>https://discord.gg/abc and <a href="https://discord.com/invite/x">join us</a></p>')
    assert not re.search(r"(?<!<)https?://(?:discord\.gg|discord\.com/invite)", text), "no embed of an invite"


MARKS = ("**b**", "_i_", "__u__", "~~s~~", "||x||", "# h", "> q", "- l", "1. l", "-# s", ">>> q")


@pytest.mark.parametrize("mark", MARKS)
def test_h11_marks_of_a_stranger_are_shown_and_do_nothing(mark):
    text = shown("<p>" + mark.replace(">", "&gt;") + "</p>")
    assert text != mark
    assert markdown.plain(text) == mark


@pytest.mark.parametrize("fence", ["```py\nx", "`a", "``b`", "```"])
def test_h12_fences_open_nothing(fence):
    assert not active(shown(f"<p>{fence}</p>"), "`")
    assert "```" not in re.sub(r"```(?:\w*)\n(?s:.*?)\n```", "", shown(f"<pre><code>{fence}</code></pre>"))


@pytest.mark.parametrize("char", ["\u200b", "\u200d", "\u00ad", "\u2060", "\ufeff", "\U000e0041"])
def test_h15_characters_that_nobody_sees_are_left_out(char):
    assert shown(f"<p>a{char}b</p>") == "ab"


@pytest.mark.parametrize("char", ["\u202e", "\u202d", "\u2066", "\u2067", "\u2069", "\u200f", "\u061c"])
def test_h16_nothing_turns_the_direction_of_writing(char):
    assert shown(f"<p>a{char}b</p>") == "ab"


def test_h17_of_a_pile_of_marks_three_stay():
    text = unicodedata.normalize("NFD", shown("<p>e" + "\u0301\u0302\u0303" * 20 + "</p>"))
    assert sum(unicodedata.combining(char) > 0 for char in text) <= 3


def test_h35_a_comment_cannot_pass_for_one_of_our_own_messages():
    forged = Comment("wp-1", "Moderator", markdown.from_html(f"<p>{render.DELETED}</p><p>-# Ann, continued</p>"))
    (post,) = render.comment_parts(STORY, forged)
    assert post.content.startswith("**Moderator** · ")
    card = render.card(StoredStory(1, Story(render.DELETED, url=STORY.url, site="Rendezvous"), 1, NOW, 0), counted=True)
    assert card.embed is not None
    assert card.embed.footer == "0 comments", "what we say stands outside of the source's words"


@pytest.mark.asyncio
async def test_h37_many_edits_between_two_turns_are_one_request_or_two(start: Start):
    page = StoryPage(STORY, (Comment("wp-1", "Ann", "Version 0."),))
    async with start() as run:
        await run.follow()
        await run.deliver(page)
        before = len(run.box.traffic)
        for number in range(1, 40):
            said = Comment("wp-1", "Ann", f"Version {number}.")
            await ingest(run.database, replace(page, comments=(said,)), run.bot.clock.now(), deliver=True)
        run.bot.deliverer.wake()
        await run.settle()
        assert [entry["method"] for entry in run.box.traffic[before:]].count("PATCH") <= 2
        (message,) = story_channel(run)[0]["thread"]["messages"]
        assert message["content"].endswith("Version 39.")
