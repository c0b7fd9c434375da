"""What people see in Discord stands in the catalogue: no sentence is left in the code, and no answer speaks English
to who asks in another language.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from bot import sourcing, topics, words
from bot.chat.about_views import ORDER
from bot.ingest import ingest
from bot.model import Story, StoryPage
from bot.turns import Lane
from bot.words import announce, catalogue, say, speak
from tests.conftest import Start

ROOT = Path(__file__).resolve().parents[1]
# Two words with a blank between them are prose; SQL and custom ids are not.
PROSE = re.compile(r"[A-Za-z’']{2,},? [a-z]{2,}")
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|AND|NULL)\b|= :")
LABELS = {"label", "title", "placeholder", "description", "name"}
SHOWN = {"Button", "Embed", "TextInput", "Select", "SelectOption", "Label", "Modal", "add_field", "set_footer"}
REFUSALS = {"NotFound", "Conflict", "BadTopic", "BadOption"}

# Files that speak to the operator alone, or speak no human language.
OTHERS = {
    "bot/export_html.py": "HTML; its words come from the catalogue",
    "bot/chat/rest_check.py": "what rendezvous doctor says of Discord",
    "bot/chat/answers.py": "what Discord said, as the log and the database keep it",
    "bot/chat/trace.py": "what came instead of an answer, for the log",
}
ALLOWED = {
    "a command's name, which is typed as it is": {
        "stories latest", "sources add", "channels edit", "topics add", "topics test", "topics edit",
        *(name for name in ORDER if PROSE.search(name)),
    },
    "our name, and Discord's own of a permission": {"Rendezvous ", "Send Messages in Threads"},
    "a time as it is typed": {"last year", "last week", "last month"},
    "a reason that is kept in the database, where it is compared": {
        "the channel was deleted", "the bot lacks: ", "the member left", "the member takes no direct messages",
    },
    "what went wrong with a message or notice, as it is kept for the log": {
        "there is no system channel that I may write in, and nobody takes a direct message from me",
        "I am not in that server any more", "it may be said already, and I could not look",
        "Discord did not take it within a day", "sent, without an answer yet", "the server is unavailable",
        "Discord asks for patience", "Discord does not answer", "an error of ours; see the log",
    },
    "by this the bot knows its own messages again: docs/decisions/0013-words.md": {
        "-# in reply to", "*This comment was deleted at its source.*", "*(no text)*", "(untitled story)", "(no name)",
        " a comment that I could not read\n", " a deleted comment\n",
    },
    "an error of a source, said to the operator as well": {
        "This looks like a list of several stories, not like the page of one.", "This address does not lead to a ",
        "could not",
    },
    "said at the command line, or a fault of ours that nobody sees": {
        "There is no source ", "; rendezvous sources list shows all.", "There is no such delivery.",
        "There is no such thread.", "I know no such comment.",
    },
}  # fmt: skip
KNOWN = {text for texts in ALLOWED.values() for text in texts}


@cache
def speakers():
    """Return the modules that speak to people in Discord: the face, the store, and all that use the catalogue."""
    found = []
    for path in sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]):
        name = str(path.relative_to(ROOT))
        source = path.read_text(encoding="utf-8")
        is_face = name.startswith(("bot/chat/", "cogs/", "bot/store/")) or "from bot.words import" in source
        if is_face and name not in OTHERS and not name.startswith("bot/words/"):
            found.append((name, ast.parse(source)))
    return found


def called(node):
    """Return the last name of what is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""


def texts(node):
    return [n for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def unseen(tree):
    """Return the texts that nobody sees in Discord: docstrings, what goes into the log, what is asserted."""
    found = set()
    for node in ast.walk(tree):
        is_log = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")
        if (
            is_log
            or isinstance(node, ast.Assert)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        ):
            found |= set(texts(node))
    return found


def spoken(name, tree):
    """Yield the texts of a module that people would read: prose anywhere, and single words where they are shown."""
    skip = unseen(tree)
    for node in ast.walk(tree):
        if called(node) in SHOWN:
            shown = [keyword.value for keyword in node.keywords if keyword.arg in LABELS]
            yield from (n for value in shown for n in texts(value) if n.value[:1].isupper())
        if isinstance(node, ast.Raise) and called(node.exc) in REFUSALS:
            yield from (n for arg in node.exc.args for n in texts(arg) if re.search(r"[a-z] | [a-z]", n.value))
    prose = [] if name.startswith("bot/store/") else texts(tree)
    yield from (n for n in prose if n not in skip and PROSE.search(n.value) and not SQL.search(n.value))


def left_over():
    found = defaultdict(set)
    for name, tree in speakers():
        for node in spoken(name, tree):
            found[node.value].add(f"{name}:{node.lineno}")
    return found


def test_no_sentence_for_people_is_left_in_the_code():
    assert {text: sorted(where) for text, where in left_over().items() if text not in KNOWN} == {}


def test_what_is_allowed_to_stay_is_there():
    assert KNOWN - set(left_over()) == set()


@pytest.mark.parametrize(
    "code",
    [
        "async def f(i): await i.response.send_message('Nothing was found.')",
        "def f(n): raise NotFound(f'There is no {n} here.')",
        "e = discord.Embed(title='Sources')",
        "b = discord.ui.Button(label='Save', custom_id='topic:save')",
        "text = 'Posting them ' + 'now.' if x else f'{y} wait here.'",
        "@app_commands.describe(story='Begin to type its title')\ndef f(): ...",
    ],
)
def test_a_sentence_in_the_code_is_found(code):
    assert list(spoken("bot/chat/some.py", ast.parse(code)))


def bracketed(text):
    return f"⟦{text}⟧"


@pytest.fixture
def german(tmp_path, monkeypatch):
    """Speak a language beside English, from a file of its own: each of its texts is the English one in brackets."""
    tables = defaultdict(dict)
    for key, text in catalogue("en").items():
        table, _, name = key.partition(".")
        tables[table][name] = bracketed(text[:98] if table == "command" else text)
    (tmp_path / "en.toml").write_text((Path(words.__file__).parent / "en.toml").read_text())
    lines = [
        f"[{t}]\n" + "".join(f"{json.dumps(k)} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in kv.items())
        for t, kv in tables.items()
    ]
    (tmp_path / "de.toml").write_text("\n".join(lines))
    for cached in (words.catalogue, words.languages_known):
        cached.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(words.resources, "files", lambda _: tmp_path)
        assert words.languages_known() == {"de", "en"}
        assert len(catalogue("de")) == len(catalogue("en"))  # both are in memory now
    yield
    for cached in (words.catalogue, words.languages_known):
        cached.cache_clear()


def seen(answer):
    """Return each text of an answer on its own."""
    found = [answer.content]
    for embed in answer.embeds:
        found += [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text")]
        found += [text for field in embed.get("fields", []) for text in (field["name"], field["value"])]
    for row in answer.components:
        found += [part.get("label") or part.get("placeholder") for part in row["components"]]
    return [text for text in found if text]


def english_in(text, *data):
    """Return the words outside of brackets that came from no source, channel or topic."""
    for known in data:
        text = text.replace(known, "")
    while (rest := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = rest
    return re.findall(r"[A-Za-z]{2,},? [a-z]{2,}", text)


STORY = Story("A rover is tested in a sand pit", url="https://site.example/alone", summary="It drove well.")
TOGETHER = Story(
    "India and Japan sign an agreement on a joint lunar rover", url="https://site.example/2", summary="Ok."
)


@pytest.mark.asyncio
async def test_each_member_is_answered_in_their_own_language(german: None, start: Start) -> None:
    async with start() as run:
        world, box = run.box.world, run.box
        ada, max_, news = world.user("Ada").id, world.user("Max").id, world.channel("space-news").id
        world.locales[ada] = "de"
        asked = [
            ("stories latest", {}),
            ("channels follow", {"channel": str(news), "topics": "everything", "grace": 5}),
            ("channels follow", {"channel": str(news)}),
            ("channels edit", {"channel": str(news), "comments": 7, "layout": "inline"}),
            ("channels list", {}),
            ("channels pause", {"channel": str(news)}),
            ("channels pause", {"channel": str(news)}),
            ("channels resume", {"channel": str(news)}),
            ("channels resume", {"channel": str(news)}),
            ("channels history", {}),
            ("channels edit", {"channel": "1"}),
            ("sources list", {}),
            ("sources starter", {}),
            ("sources starter", {}),
            ("sources list", {}),
            ("sources check", {"source": "77"}),
            ("topics add", {"name": "sand", "words": "sand pit -launch"}),
            ("topics add", {"name": "sand", "words": "(sand"}),
            ("topics add", {"name": "!", "words": "sand"}),
            ("topics test", {"topic": "mars"}),
            ("topics remove", {"name": "nothing"}),
            ("stories show", {"story": "4711"}),
            ("stories show", {"story": "what"}),
            ("stories search", {"query": "rover"}),
            ("stories search", {"query": "nowhere"}),
            ("setup", {}),
            ("about", {}),
            ("privacy show", {}),
        ]
        for story in (STORY, TOGETHER):
            await ingest(run.database, StoryPage(story), run.bot.clock.now(), deliver=True)
        # Names of kinds and sources, and what the built-in topics say of themselves, are data: 0013-words.md.
        names = [*sourcing.labels(run.bot.kinds).values(), *(starter.name for starter in run.bot.starters)]
        data = (STORY.title, TOGETHER.title, STORY.summary, *names, *map(topics.describe, topics.names()))
        for name, options in asked:
            answer = await box.command(ada, news, name, options)
            said = seen(answer)
            assert any("⟦" in text for text in said), (name, said)
            assert [(text, found) for text in said if (found := english_in(text, *data))] == [], name
        refused = await box.command(ada, news, "stories show", {"story": "4711"})
        assert refused.content == bracketed(catalogue("en")["stories.unknown"])
        refused = await box.command(max_, news, "stories show", {"story": "4711"})
        assert refused.content == catalogue("en")["stories.unknown"]


@pytest.mark.asyncio
async def test_what_a_whole_server_sees_is_english_whoever_asked(german: None, start: Start) -> None:
    async with start() as run:
        world, box = run.box.world, run.box
        ada, news = world.user("Ada").id, world.channel("space-news").id
        world.locales[ada] = "de"
        await box.command(ada, news, "channels follow", {"channel": str(news), "topics": "everything", "newest": 5})
        await ingest(run.database, StoryPage(STORY), run.bot.clock.now(), deliver=True)
        run.bot.deliverer.wake()
        await run.settle()
        (card,) = next(c for c in box.transcript()["channels"] if c["name"] == "space-news")["messages"]
        assert card["embeds"][0]["title"] == STORY.title
        message = world.messages[news][int(card["id"])]
        assert [part["label"] for row in message.components for part in row["components"]] == [
            catalogue("en")[key] for key in ("card.read", "card.discussion", "card.follow", "card.why")
        ]
        shown = next(one for found in world.commands.values() for one in found if one["name"] == "stories")
        assert shown["description_localizations"]["de"] == bracketed(catalogue("en")["command.stories"])
        assert set(shown["description_localizations"]) == {"de"}


@pytest.mark.asyncio
async def test_a_lane_that_an_answer_made_room_for_speaks_english(german: None, start: Start, monkeypatch) -> None:
    async with start() as run:
        deliverer, said = run.bot.deliverer, []

        async def step(_):
            said.append(say("card.why"))
            return False

        monkeypatch.setattr(deliverer, "_step", step)
        deliverer._turns.add(Lane(1, 2, 0))
        speak("de-AT")
        deliverer.make_room()
        await run.settle()
        assert said == [catalogue("en")["card.why"]]
        assert say("card.why") == bracketed(said[0])
        assert announce("card.why") == said[0]
        assert say("card.why") == bracketed(said[0])  # it goes on in the member's language
