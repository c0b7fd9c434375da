"""The quick search for piled marks finds exactly what the plain definition says."""

from __future__ import annotations

import unicodedata
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from bot.markdown_escape import MAX_MARKS, _piled

MARKS = [chr(code) for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)) in ("Mn", "Me")]
marks = st.sampled_from([*MARKS[:20], *MARKS[-20:], "\ufe0f", "\U00010a01", "\u0301", "\U0001e94a"])
texts = st.text(st.one_of(marks, st.sampled_from("aé\U0001f680\U00010000Яक\u0300\u200d"), st.characters()))


def plain(text: str) -> str:
    """Keep the first three of each run of marks."""
    known, kept = set(MARKS) - {"\ufe0f"}, []
    for is_mark, run in groupby(text, known.__contains__):
        members = list(run)
        kept += members[:MAX_MARKS] if is_mark else members
    return "".join(kept)


@given(texts)
def test_piles_are_cut_as_the_definition_says(text):
    assert _piled().sub(r"\1", text) == plain(text)


def test_every_mark_counts():
    for mark in MARKS:
        text = f"a{mark * 5}b"
        assert _piled().sub(r"\1", text) == plain(text)
