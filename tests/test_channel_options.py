"""/channels filter, template, preview, test, notices and the looks of cards: real interactions through the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import choosing, library
from bot.choosing import AskedFilters
from bot.errors import BadOption, NotFound
from bot.ingest import ingest
from bot.model import Story, StoryPage
from bot.store import notices, sources
from bot.words import say
from tests.conftest import Start

pytestmark = pytest.mark.asyncio

MOON = Story("A lunar rover drives", url="https://site.example/moon", site="Orbit Gazette", summary="It is *red*.")
MARS = Story("A Mars orbiter turns", url="https://site.example/mars", site="Orbit Gazette", author="A. Writer")


def people(run):
    world = run.box.world
    return world.user("Ada").id, world.user("Max").id, world.channel("space-news").id


async def take(run, *found):
    for story in found:
        await ingest(run.database, StoryPage(story), run.bot.clock.now(), deliver=True)
    run.bot.deliverer.wake()
    await run.settle()


async def followed(run, **options):
    ada, _, news = people(run)
    wanted = {"channel": str(news), "topics": "everything", "newest": 0, **options}
    answer = await run.box.command(ada, news, "channels follow", wanted)
    assert "go to" in answer.content, answer.content
    return ada, news


def cards(run, name="space-news"):
    channel = next(c for c in run.box.transcript()["channels"] if c["name"] == name)
    return channel["messages"]


def titles(run):
    return [message["embeds"][0]["title"] for message in cards(run) if message["embeds"]]


def created(run):
    return [e["body"] for e in run.box.traffic if e["method"] == "POST" and e["path"].endswith("/messages")]


def button(answer, label):
    return next(b for row in answer.components for b in row["components"] if b.get("label") == label)["custom_id"]


def team(run, *, mentionable=True):
    world = run.box.world
    role = world.add_role(world.guild.id, "Newsroom", 0, [])
    role.mentionable = mentionable
    world.set_role_permissions(world.guild.id, role.id, 0)
    return role.id


async def with_template(run, ada, news, text):
    form = await run.box.command(ada, news, "channels template", {"channel": str(news)})
    assert form.kind == "modal", form.content
    field = form.modal["components"][0]["component"]["custom_id"]
    return await run.box.submit_modal(ada, news, form.modal["custom_id"], {field: text})


async def test_include_and_exclude_decide_what_is_posted_and_are_told(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        await take(run, MOON)
        said = await run.box.command(
            ada, news, "channels filter", {"channel": str(news), "include": "mars, /rover|probe/", "exclude": "drives"}
        )
        assert said.ephemeral
        assert "only with `mars`, `/rover|probe/`; never with `drives`" in said.content
        assert "0 of the one story" in said.content
        await take(
            run, MARS, Story("A probe drives", url="https://site.example/p"), Story("Else", url="https://e.example/")
        )
        assert titles(run) == [MOON.title, MARS.title]
        cleared = await run.box.command(
            ada, news, "channels filter", {"channel": str(news), "include": "none", "exclude": "None"}
        )
        assert "every story that its topics fit" in cleared.content
        await take(run, Story("Another probe drives", url="https://site.example/p2"))
        assert titles(run)[2:] == ["Another probe drives"]


async def test_a_filter_without_options_says_what_is_chosen(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        said = await run.box.command(ada, news, "channels filter", {"channel": str(news)})
        assert "every story that its topics fit" in said.content


async def test_a_source_filter_takes_this_servers_sources_alone(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        now, guild = run.bot.clock.now(), run.box.world.guild.id
        async with run.database.write() as tx:
            own = await sources.add(tx, "feed", "https://own.example/feed", "Own", now)
            await sources.share(tx, own.id, guild, ada, now)
            foreign = await sources.add(tx, "feed", "https://foreign.example/feed", "Foreign", now)
            await sources.share(tx, foreign.id, 4711, 1, now)
        choices = await run.box.autocomplete(ada, news, "channels filter", {"sources": ""}, "sources")
        assert [choice["name"] for choice in choices if "sandbox" not in choice["name"].lower()][-1] == f"#{own.id} Own"
        assert "Foreign" not in str(choices)  # A04
        for text in (str(foreign.id), "99999", f"{own.id}, {foreign.id}", "cheese", "<@&1> @everyone", "9" * 90):
            with pytest.raises(NotFound) as refused:
                await choosing.choose_filters(run.database, guild, news, AskedFilters(sources=text))
            assert str(refused.value) == say("sources.unknown")  # A03 and A05
        refusal = await run.box.command(
            ada, news, "channels filter", {"channel": str(news), "sources": str(foreign.id)}
        )
        assert refusal.content == say("sources.unknown")
        said = await run.box.command(ada, news, "channels filter", {"channel": str(news), "sources": f"#{own.id}"})
        assert "only from Own" in said.content
        await take(run, MOON)
        assert titles(run) == []
        async with run.database.write() as tx:
            await sources.unshare(tx, own.id, guild)
            again = await sources.add(tx, "feed", "https://third.example/feed", "Third", now, everyone=True)
        listed = await run.box.command(ada, news, "channels list", {})
        assert "only from a source that is gone" in listed.embeds[0]["description"], again


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"include": "/(?=x)/"}, "Look-around"),
        ({"exclude": "/(a)\\1/"}, "back-references"),
        ({"include": "x" * 201}, "200 characters"),
        ({"include": ", ".join(f"w{n}" for n in range(21))}, "20 words"),
        ({"score": 0.7}, "takes everything"),
    ],
)
async def test_h33_a_filter_that_cannot_be_is_refused_and_nothing_changes(start: Start, options, words) -> None:
    async with start() as run:
        ada, news = await followed(run)
        before = await library.followed(run.database, run.box.world.guild.id, news)
        answer = await run.box.command(ada, news, "channels filter", {"channel": str(news), **options})
        assert words in answer.content
        assert await library.followed(run.database, run.box.world.guild.id, news) == before


@pytest.mark.parametrize("score", [-1, 1e9, 1.01])
async def test_a11_discord_offers_no_score_outside_of_0_to_1(start: Start, score) -> None:
    async with start() as run:
        ada, news = await followed(run, topics="space-cooperation")
        with pytest.raises(ValueError, match="out of range"):
            await run.box.command(ada, news, "channels filter", {"channel": str(news), "score": score})


@pytest.mark.parametrize("score", [-1, 1e9, float("nan"), float("inf")])
async def test_a11_a_score_that_discord_would_not_offer_is_refused_by_the_bot(start: Start, score) -> None:
    async with start() as run:
        ada, news = await followed(run, topics="space-cooperation")
        asked = choosing.AskedFilters(score=score)
        with pytest.raises(BadOption, match="from 0 to 1"):
            await choosing.choose_filters(run.database, run.box.world.guild.id, news, asked)
        assert (await library.followed(run.database, run.box.world.guild.id, news)).options.filters.minimum == 0, ada


async def test_a_least_score_is_asked_of_the_topic(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run, topics="space-cooperation")
        said = await run.box.command(ada, news, "channels filter", {"channel": str(news), "score": 1.0})
        assert "its topic scores 1 or more" in said.content
        weak = Story("India and Japan sign an agreement on a joint lunar rover", url="https://site.example/w")
        await take(run, weak)
        shown = await run.box.command(ada, news, "channels preview", {"channel": str(news)})
        posted = titles(run)
        assert (posted == [weak.title]) != ("this channel asks for 1" in shown.embeds[-1]["description"])


async def test_a_template_is_previewed_then_saved_and_stands_above_the_card(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        await take(run, MOON)
        text = "**New:** {title} from {site}\n{url} {titel} {0.__class__}"
        shown = await with_template(run, ada, news, text)
        filled = "**New:** A lunar rover drives from Orbit Gazette\n<https://site.example/moon> {titel} {0.__class__}"
        assert (shown.ephemeral, shown.content) == (True, filled)
        assert shown.embeds[0]["title"] == MOON.title
        assert "`{titel}`, `{0.__class__}` stay as they are written" in shown.embeds[1]["description"]
        guild = run.box.world.guild.id
        assert (await library.followed(run.database, guild, news)).options.looks.template == ""
        again = await run.box.click(ada, shown.token, button(shown, "Edit again"))
        assert again.modal["components"][0]["component"]["value"] == text
        field = again.modal["components"][0]["component"]["custom_id"]
        shown = await run.box.submit_modal(
            ada, news, again.modal["custom_id"], {field: "{title} by {author} {comments}"}
        )
        assert shown.content == "A lunar rover drives by  0 comments"
        saved = await run.box.click(ada, shown.token, button(shown, "Save"))
        assert "Saved" in saved.content
        await take(run, MARS)
        assert cards(run)[-1]["content"] == "A Mars orbiter turns by A. Writer 0 comments"
        cleared = await with_template(run, ada, news, "")
        await run.box.click(ada, cleared.token, button(cleared, "Save"))
        assert (await library.followed(run.database, guild, news)).options.looks.template == ""


async def test_a_template_can_be_seen_before_there_is_a_story(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        shown = await with_template(run, ada, news, "{title}")
        assert shown.content == "A story that I made up"
        assert "invented" in shown.embeds[1]["description"]


async def test_a19_a_preview_is_saved_by_its_own_admin_alone_and_once(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        world = run.box.world
        max_ = world.user("Max").id
        shown = await with_template(run, ada, news, "{title}")
        save = button(shown, "Save")
        refused = await run.box.click(max_, shown.token, save)
        assert "Manage Server" in refused.content
        world.add_role(world.guild.id, "Staff", 1 << 5, [max_])
        foreign = await run.box.click(max_, shown.token, save)
        assert "not yours" in foreign.content
        guild = world.guild.id
        assert (await library.followed(run.database, guild, news)).options.looks.template == ""
        await run.box.click(ada, shown.token, save)
        assert (await library.followed(run.database, guild, news)).options.looks.template == "{title}"


async def test_a15_a_template_of_6000_characters_is_refused_by_discord_and_by_the_bot(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        with pytest.raises(ValueError, match="too long"):
            await with_template(run, ada, news, "x" * 6000)
        with pytest.raises(BadOption, match="1000 characters"):
            await choosing.choose_template(run.database, run.box.world.guild.id, news, "{url}" * 2000)


async def test_a_role_is_called_by_the_first_post_alone_and_nobody_else_ever(start: Start) -> None:
    async with start() as run:
        role = team(run)
        ada, news = await followed(run)
        said = await run.box.command(
            ada, news, "channels edit", {"channel": str(news), "role": str(role), "colour": "#ff8800"}
        )
        assert f"calls <@&{role}>" in said.content
        assert "in #ff8800" in said.content
        evil = Story(f"@everyone <@&{role}> hello", url="https://site.example/evil", summary="<@&1> @here")
        await take(run, MOON, evil)
        sent = [body for body in created(run) if body.get("embeds")]
        assert len(sent) == 2
        assert all(body["allowed_mentions"]["parse"] == [] for body in sent)
        assert all([int(one) for one in body["allowed_mentions"]["roles"]] == [role] for body in sent)
        assert sent[0]["content"] == f"<@&{role}>"
        assert sent[0]["embeds"][0]["color"] == 0xFF8800
        await take(run, Story("A lunar rover stops", url=MOON.url, site=MOON.site))
        edits = [e["body"] for e in run.box.traffic if e["method"] == "PATCH" and "/messages/" in e["path"]]
        assert any(body.get("content") == f"<@&{role}>" for body in edits)
        assert all(not body["allowed_mentions"].get("roles") for body in edits if "allowed_mentions" in body)
        cleared = await run.box.command(
            ada, news, "channels edit", {"channel": str(news), "role": "none", "colour": "none"}
        )
        assert "calls" not in cleared.content


@pytest.mark.parametrize(
    ("role", "words"),
    [("everyone", "never call everyone"), ("@everyone", "never call everyone"), ("cheese", "no such role"),
     ("99999", "no such role"), ("x" * 150, "no such role"), ("<@&1>`@here`", "no such role")],
)  # fmt: skip
async def test_a05_a_role_that_is_none_of_the_list_is_refused(start: Start, role, words) -> None:
    async with start() as run:
        ada, news = await followed(run)
        answer = await run.box.command(ada, news, "channels edit", {"channel": str(news), "role": role})
        assert words in answer.content
        assert (await library.followed(run.database, run.box.world.guild.id, news)).options.looks.role_id is None


async def test_only_a_role_that_the_admin_may_mention_and_that_the_bot_can(start: Start) -> None:
    async with start() as run:
        world = run.box.world
        max_ = world.user("Max").id
        role = team(run, mentionable=False)
        ada, news = await followed(run)
        world.add_role(world.guild.id, "Staff", 1 << 5, [max_])
        options = {"channel": str(news), "role": str(role)}
        refused = await run.box.command(max_, news, "channels edit", options)
        assert "You may not mention" in refused.content
        mine = await run.box.command(ada, news, "channels edit", options)  # an administrator may, the bot may not
        assert "would call nobody" in mine.content
        world.set_role_permissions(world.guild.id, world.bot_role().id, world.bot_role().permissions | 1 << 17)
        done = await run.box.command(ada, news, "channels edit", options)
        assert f"calls <@&{role}>" in done.content
        choices = await run.box.autocomplete(ada, news, "channels edit", {"role": "news"}, "role")
        assert choices == [{"name": "@Newsroom", "value": str(role)}]


async def test_a_role_that_is_deleted_is_called_no_more(start: Start) -> None:
    async with start() as run:
        role = team(run)
        _, news = await followed(run, role=str(role))
        guild = run.box.world.guild.id
        await choosing.role_gone(run.database, guild, role)
        assert (await library.followed(run.database, guild, news)).options.looks.role_id is None


@pytest.mark.parametrize("colour", ["#12", "reddish", "1e9", "-1", "NaN"])
async def test_a11_what_is_no_colour_is_refused(start: Start, colour) -> None:
    async with start() as run:
        ada, news = await followed(run)
        answer = await run.box.command(ada, news, "channels edit", {"channel": str(news), "colour": colour})
        assert "#rrggbb" in answer.content


async def test_a_preview_shows_the_newest_fitting_story_and_why_others_would_not_go_there(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        none = await run.box.command(ada, news, "channels preview", {"channel": str(news)})
        assert "no story yet" in none.embeds[-1]["description"]
        await take(run, MARS, MOON)
        await run.box.command(ada, news, "channels filter", {"channel": str(news), "exclude": "rover"})
        before = len(created(run))
        shown = await run.box.command(ada, news, "channels preview", {"channel": str(news)})
        assert shown.ephemeral
        assert [embed["title"] for embed in shown.embeds] == [MARS.title, "What would go there"]
        assert "1 of the newest 2 stories" in shown.embeds[1]["description"]
        assert "It says `rover`, which this channel shuts out." in shown.embeds[1]["description"]
        assert len(created(run)) == before


async def test_a_test_post_is_marked_calls_nobody_is_recorded_nowhere_and_is_never_taken_for_the_card(
    start: Start,
) -> None:
    async with start() as run:
        role = team(run)
        ada, news = await followed(run, role=str(role))
        none = await run.box.command(ada, news, "channels test", {"channel": str(news)})
        assert "no story yet" in none.content
        await ingest(run.database, StoryPage(MOON), run.bot.clock.now(), deliver=False)
        said = await run.box.command(ada, news, "channels test", {"channel": str(news)})
        assert "Here it is: https://discord.com/channels/" in said.content
        (card,) = cards(run)
        assert "A test that an admin asked for" in card["content"]
        assert card["embeds"][0]["title"] == f"🧪 {MOON.title}"
        (body,) = created(run)
        assert not body.get("allowed_mentions", {}).get("roles")
        assert body["allowed_mentions"]["parse"] == []
        assert await library.post_newest(
            run.database, await library.followed(run.database, run.box.world.guild.id, news), 1, datetime.now(UTC)
        )
        run.box.faults.add(method="POST", path_regex=r"/channels/\d+/messages$", kind="500", after=False, times=1)
        run.bot.deliverer.wake()
        await run.settle()
        assert len(cards(run)) == 2  # the doubt was settled by sending, not by taking the test for the card
        again = [await run.box.command(ada, news, "channels test", {"channel": str(news)}) for _ in range(2)]
        assert "Here it is" in again[0].content
        assert "posted 2 tests within a minute" in again[1].content


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("channels filter", {"channel": "1"}), ("channels preview", {"channel": "1"}), ("topics test", {"topic": "x"}),
        ("stories digest", {"topic": "x"}),
    ],
)  # fmt: skip
async def test_a14_what_takes_long_is_done_five_times_a_minute(start: Start, command, options) -> None:
    async with start() as run:
        ada, _, news = people(run)
        said = [(await run.box.command(ada, news, command, options)).content for _ in range(6)]
        assert not any("That was quick" in text for text in said[:5]), said
        assert "That was quick" in said[5]
        run.bot.desk.long._uses.clear()
        assert "That was quick" not in (await run.box.command(ada, news, command, options)).content


async def test_following_again_after_a_pause_keeps_what_was_chosen_and_changes_what_is_given(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run, topics="mars", comments=7, colour="gold")
        guild = run.box.world.guild.id
        await choosing.choose_filters(run.database, guild, news, AskedFilters(exclude="rumour"))
        before = await library.followed(run.database, guild, news)
        await run.box.command(ada, news, "channels pause", {"channel": str(news)})
        again = await run.box.command(ada, news, "channels follow", {"channel": str(news), "newest": 0, "grace": 9})
        assert "**mars** go to" in again.content, again.content
        after = await library.followed(run.database, guild, news)
        assert after == replace(before, options=replace(before.options, grace=timedelta(seconds=9)))


async def test_notices_go_where_admins_want_them(start: Start) -> None:
    async with start() as run:
        ada, _, news = people(run)
        general = run.box.world.channel("general").id
        guild = run.box.world.guild.id
        said = await run.box.command(ada, general, "channels notices", {"channel": "here"})
        assert f"<#{general}>" in said.content
        assert await choosing.notices_channel(run.database, guild) == general
        choices = await run.box.autocomplete(ada, news, "channels notices", {"channel": "space"}, "channel")
        assert choices[0] == {"name": "#space-news", "value": str(news)}
        await run.box.command(ada, general, "channels notices", {"channel": str(news)})
        async with run.database.write() as tx:
            await notices.put(tx, guild, "test", "Something is to be told.", run.bot.clock.now())
        assert await run.bot.notices.run_due() == 1
        assert "Something is to be told." in str(cards(run))
        listed = await run.box.command(ada, general, "channels list", {})
        assert f"told in <#{news}>" in listed.embeds[0]["description"]
        none = await run.box.command(ada, general, "channels notices", {"channel": "none"})
        assert "system channel" in none.content
        for odd in ("99999", "cheese", "<#1> @everyone", "9" * 100):
            wrong = await run.box.command(ada, general, "channels notices", {"channel": odd})
            assert "choose a text channel" in wrong.content
        assert await choosing.notices_channel(run.database, guild) is None


async def test_the_list_shows_all_options_of_50_channels_page_by_page(start: Start) -> None:
    async with start() as run:
        ada, news = await followed(run)
        guild, now = run.box.world.guild.id, run.bot.clock.now()
        for number in range(49):
            await library.follow(run.database, guild, 1000 + number, ada, now)
            asked = choosing.AskedFilters(include=", ".join(f"long word number {n}" for n in range(20)))
            await choosing.choose_filters(run.database, guild, 1000 + number, asked)
        shown, seen = await run.box.command(ada, news, "channels list", {}), 0
        for page in range(1, 8):
            text = shown.embeds[0]["description"]
            assert len(text) <= 4096
            assert f"Page {page} of 7 · 50 channels" in shown.embeds[0]["footer"]["text"]
            seen += text.count("— ")
            if page < 7:
                shown = await run.box.click(ada, shown.token, button(shown, "▶"))
        assert seen == 50
        assert shown.components[0]["components"][0]["label"] == "◀"


@pytest.mark.parametrize("embeds", [True, False])
async def test_a_card_below_a_template_is_found_again_after_an_answer_that_was_lost(start: Start, embeds) -> None:
    async with start() as run:
        role = team(run)
        ada, news = await followed(run, role=str(role))
        shown = await with_template(run, ada, news, "**Read this**\n{title} ({url})")
        await run.box.click(ada, shown.token, button(shown, "Save"))
        if not embeds:
            run.box.world.set_permission(news, run.box.world.bot_id, deny=1 << 14)
        run.box.faults.add(method="POST", path_regex=r"/channels/\d+/messages$", kind="500", after=True, times=1)
        await take(run, MOON, MARS)
        assert len(cards(run)) == 2
        sent = [body for body in created(run) if "rover" in str(body)]
        assert len(sent) == 1  # found and adopted, not sent again
        text = cards(run)[0]["content"]
        filled = f"<@&{role}> **Read this**\nA lunar rover drives (<https://site.example/moon>)"
        assert text == filled if embeds else text.endswith("\n" + filled)
        assert bool(cards(run)[0]["embeds"]) is embeds


async def test_a_forum_post_has_its_template_and_calls_the_role_too(start: Start) -> None:
    async with start() as run:
        role, world = team(run), run.box.world
        forum = world.add_channel("stories-forum", 15, world.guild.id)
        ada, _, news = people(run)
        options = {"channel": str(forum.id), "topics": "everything", "newest": 0, "role": str(role), "colour": "red"}
        said = await run.box.command(ada, news, "channels follow", options)
        assert "go to" in said.content
        tried = await run.box.command(ada, news, "channels test", {"channel": str(forum.id)})
        assert "no story yet" in tried.content
        await take(run, MOON)
        begun = [e["body"] for e in run.box.traffic if e["method"] == "POST" and e["path"].endswith("/threads")]
        assert begun[0]["message"]["content"] == f"<@&{role}>"
        assert [int(one) for one in begun[0]["message"]["allowed_mentions"]["roles"]] == [role]
        assert begun[0]["message"]["embeds"][0]["color"] == 0xE74C3C
        tried = await run.box.command(ada, news, "channels test", {"channel": str(forum.id)})
        assert "Here it is" in tried.content
        begun = [e["body"] for e in run.box.traffic if e["method"] == "POST" and e["path"].endswith("/threads")]
        assert begun[1]["name"].startswith("🧪 A test")
        assert begun[1]["message"]["allowed_mentions"]["parse"] == []
        assert not begun[1]["message"]["allowed_mentions"].get("roles")


async def test_an_old_story_that_is_posted_later_calls_nobody(start: Start) -> None:
    async with start() as run:
        role = team(run)
        await ingest(run.database, StoryPage(MOON), datetime(2020, 1, 1, tzinfo=UTC), deliver=False)
        await followed(run, role=str(role), newest=1)
        await run.settle()
        (body,) = created(run)
        assert body["content"] == f"<@&{role}>"
        assert not body["allowed_mentions"].get("roles")
