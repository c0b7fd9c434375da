"""A story's HTML page: its facts, its text and its comments. Pure."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import NotAStory
from bot.markdown import ARTICLE_LIMIT, excerpt, from_html, plain
from bot.model import Story, StoryPage
from bot.sources.page_comments import comment_areas, comments_of
from bot.sources.page_meta import Meta
from bot.sources.page_text import SUMMARY_LIMIT, title_from_name
from bot.sources.page_tree import Element, find, html_of, remove, text_of, tokens, tree, with_class
from bot.sources.sites import recognise

_LOGIN = ".//input[@type='password']"
_FURNITURE = (
    ".//nav | .//form | .//script | .//style | .//noscript | .//footer | .//aside[not(contains(@class,'quote'))]"
)
_FURNITURE_CLASSES = (
    "sharedaddy", "jp-relatedposts", "related", "related-posts", "share", "social", "addtoany_share_save_container",
    "post-navigation", "navigation", "entry-footer", "entry-meta", "wp-block-post-comments", "newsletter",
)  # fmt: skip
_TEXT_CLASSES = ("e-content", "entry-content", "post-content", "article-body", "article-content", "story-body")
_FEW_WORDS = 25
_MOST_LOOKED_AT = 100  # elements that may lie inside each other, so that the text of the innermost is read for each


def parse_html(html: str, *, url: str | None = None, name: str | None = None) -> StoryPage:
    """Return the story of an HTML page; raise NotAStory for lists of stories, log-in pages and pages without text.

    ``name``, the file's name, gives the title of a page that has comments but no title.
    """
    root = tree(html)
    _refuse_listing(root)
    comments, complete = comments_of(root, Meta(root, url).url())
    for area in comment_areas(root):
        remove(area)
    meta = Meta(root, url)
    story = _facts(meta)
    if not story.title and comments and name:
        story = replace(story, title=title_from_name(name))
    is_login = bool(find(root, _LOGIN))
    body = from_html(html_of(_text_element(root)), meta.url() or url, limit=ARTICLE_LIMIT)
    if is_login and not comments and len(plain(body)) < 400:
        raise NotAStory("This looks like a log-in page, not like the page of a story.")
    if not story.title or not (body or comments):
        raise NotAStory("This page has no title and text that could be a story.")
    body = _without_title(body, story.title)
    return StoryPage(replace(story, body=body, summary=excerpt(body, SUMMARY_LIMIT)), comments, complete)


def _facts(meta: Meta) -> Story:
    site = recognise("", meta.url())
    return Story(
        title=meta.title(),
        url=meta.url(),
        author=meta.author(),
        site=meta.site() or (site.name if site else None),
        image_url=meta.image(),
        published_at=meta.published(),
    )


def _without_title(body: str, title: str) -> str:
    first, _, rest = body.partition("\n")
    return rest.lstrip("\n") if plain(first) == title and rest.strip() else body


def _refuse_listing(root: Element) -> None:
    """Refuse front pages and archives: several articles, each with a linked headline of its own."""
    if Meta(root, None).is_article:
        return
    linked = set()
    for head in find(root, ".//h1[.//a/@href] | .//h2[.//a/@href] | .//h3[.//a/@href]")[:_MOST_LOOKED_AT]:
        holder = head.getparent()
        if holder is not None and holder.tag in ("header", "div") and "entry-header" in str(holder.get("class")):
            holder = holder.getparent()
        if holder is not None and holder.tag not in ("aside", "nav", "li", "body") and _is_entry(holder, head):
            linked.add(find(head, ".//a[@href]")[0].get("href"))
    body = next(iter(find(root, ".//body")), None)
    is_front = body is not None and tokens(body) & {"home", "blog", "archive"}
    if len(linked) >= (2 if is_front else 3):
        raise NotAStory("This looks like a list of several stories, not like the page of one.")


def _is_entry(holder: Element, head: Element) -> bool:
    """Say whether a heading stands alone over some paragraphs, as an entry's title does."""
    heads = find(holder, f"./{head.tag}")
    return len(heads) <= 1 and len(find(holder, ".//p")) > 0 and len(text_of(holder, 400)) > 60


def _text_element(root: Element) -> Element:
    """Return the element that holds the story's text, without furniture; by its class, else by its density."""
    for part in find(root, _FURNITURE):
        remove(part)
    for part in list(with_class(root, *_FURNITURE_CLASSES)):
        remove(part)
    named = [*find(root, ".//*[@itemprop='articleBody']"), *with_class(root, *_TEXT_CLASSES)]
    for element in named[:_MOST_LOOKED_AT]:
        if len(text_of(element).split()) >= _FEW_WORDS or len(named) == 1:
            return element
    for element in find(root, ".//article | .//main")[:_MOST_LOOKED_AT]:
        if find(element, ".//p") and len(text_of(element).split()) >= _FEW_WORDS:
            return element
    return _densest(root)


# Quotes inside of quotes are read once for each around them.
_PARAGRAPHS = ".//*[self::p or self::blockquote or self::pre][not(ancestor::blockquote[9] or ancestor::pre[9])]"


def _densest(root: Element) -> Element:
    """Return the element whose own paragraphs hold the most text outside of links; else the whole body."""
    scores: dict[Element, int] = {}
    for paragraph in find(root, _PARAGRAPHS):
        parent = paragraph.getparent()
        if parent is not None:
            linked = sum(len(text_of(link)) for link in find(paragraph, ".//a"))
            scores[parent] = scores.get(parent, 0) + len(text_of(paragraph, 5000)) - 2 * linked
    best = max(scores, key=lambda element: scores[element], default=None)
    bodies = find(root, ".//body")
    return best if best is not None and scores[best] > 0 else (bodies[0] if bodies else root)
