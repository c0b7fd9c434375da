"""The notation of phrases."""

from __future__ import annotations

import pytest

from bot.topics.actors import items, locate
from bot.topics.phrases import PhraseBook, compile_phrase
from bot.topics.text import passages, words


def finds(phrase, text):
    read = words(text)
    book = PhraseBook([(compile_phrase(phrase), phrase)])
    place = items(read, locate(read))
    return [" ".join(item.word for item in place[found.start : found.end]) for found, _ in book.find(place)]


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("sign/signs .. deal", "They sign a very big deal", ["sign a very big deal"]),
        ("sign .. deal", "They sign one two three four five deal", []),
        ("sign .. deal", "They sign. A deal", []),
        ("cooperat*", "Cooperation, cooperating, coop", ["cooperation", "cooperating"]),
        ("launch* @land satellite", "launches Iranian satellite", ["launches iranian satellite"]),
        ("launch* @land satellite", "launches SpaceX satellite", []),
        ("@ and @", "India and Japan and", ["india and japan"]),
        ("^@land and @land", "India and Japan, Chile and Peru", ["india and japan"]),
        ("*abkommen", "Raumfahrtabkommen, abkommen, Abkommens", ["raumfahrtabkommen", "abkommen"]),
        ("neue* *sonde", "die neue Mondsonde", ["neue mondsonde"]),
        ("космическ* связь", "Космическая связь", ["космическая связь"]),
        ("йод", "Йод", ["иод"]),
        ("@accord", "the Artemis Accords", ["artemis accords"]),
        ("raises #", "raises 87 million", ["raises 87"]),
        ("the #th nation", "the 23rd nation", ["the 23rd nation"]),
        ("the #th nation", "the third nation", []),
    ],
)
def test_a_phrase_finds(phrase, text, expected):
    assert finds(phrase, text) == expected


@pytest.mark.parametrize("phrase", ["", "sign ..", "a .. b .. c .. d .. e", "x*", "*end", "#th nation"])
def test_a_phrase_that_cannot_be_read_is_refused(phrase):
    with pytest.raises(ValueError, match=r"phrase|stem|ending|begins with a number"):
        PhraseBook([(compile_phrase(phrase), None)])


def test_abbreviations_end_no_sentence():
    lede = "The U.S. and S. Korea signed on Nov. 10. It is new!"
    assert [len(passage.words) for passage in passages("t", lede)[1:]] == [9, 3]


def test_markup_and_entities_are_not_words():
    (title,) = passages("<b>India</b>&nbsp;&amp; Japan&#8217;s moonshot")
    assert [word.text for word in title.words] == ["india", "japan", "moonshot"]
