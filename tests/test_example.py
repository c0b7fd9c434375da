"""The bundled example: what the demo shows."""

from bot.example import URL, readings
from bot.sources.page import parse


def test_the_second_reading_edits_deletes_and_adds():
    first, later = (parse(data, url=URL) for data in readings())
    assert first.story == later.story
    assert first.story.url == URL
    assert len(first.story.summary) <= 350
    assert len(first.comments) == 7
    assert max(len(comment.body) for comment in first.comments) > 2000
    before = {comment.key: comment for comment in first.comments}
    after = {comment.key: comment for comment in later.comments}
    assert [key for key in before if before[key] != after[key]] == ["wp-102", "wp-104"]
    assert after["wp-102"].deleted and after["wp-102"].body == ""
    assert after["wp-103"].parent == "wp-102" and after["wp-102"].parent == "wp-101"
    assert set(after) - set(before) == {"wp-108"}
