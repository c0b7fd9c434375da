"""Stories and comments as Discord messages: pure, within Discord's limits, and always carrying their permalink."""

from __future__ import annotations

from urllib.parse import quote

from bot import markdown
from bot.model import Comment, Parent, StoredStory, Story
from bot.post import Button, Embed, Post
from bot.urls import safe_link
from bot.words import say

CONTENT_LIMIT = 2000
TITLE_LIMIT = 256
SUMMARY_LIMIT = 700
THREAD_NAME_LIMIT = 100
NAME_LIMIT = 80
LINK_LIMIT = 600
BUTTON_LIMIT = 512
DISCUSSION_PREFIX = "story:discussion:"
FOLLOW_PREFIX = "story:follow:"
WHY_PREFIX = "story:why:"
# By these the bot knows its messages again where they carry no link, and so do its checks: they are no words that a
# language may change, docs/decisions/0013-words.md. The same holds for the heads of comments below.
CONTINUED = "-# "
ANSWERS = "-# in reply to"
DELETED = "*This comment was deleted at its source.*"
NO_TEXT = "*(no text)*"
NO_TITLE = "(untitled story)"


def card(stored: StoredStory, skipped: int = 0, *, counted: bool = False) -> Post:
    """Return the story's card: an embed, a link button where there is an address, Discussion, Follow and Why.

    ``skipped`` comments are not mirrored below it: it says so, and where they can be read. ``counted`` says how many
    comments there are: for answers alone, as what stands in a channel is not edited when more come.
    """
    story = stored.story
    link = safe_link(story.url)
    summary = markdown.excerpt(story.summary, SUMMARY_LIMIT)
    embed = Embed(
        title=headline(story),
        url=link,
        description="\n\n".join(filter(None, (summary, _left_out(story, skipped)))),
        author=_cut(story.site or "", NAME_LIMIT) or None,
        footer=_footer(stored, counted=counted) or None,
        timestamp=story.published_at.isoformat() if story.published_at else None,
        image_url=safe_link(story.image_url),
    )
    # Only a link button can leave Discord, and Discord refuses one of more than 512 characters.
    read = (Button(say("card.read"), url=link),) if link and len(link) <= BUTTON_LIMIT else ()
    talk = Button(say("card.discussion"), custom_id=f"{DISCUSSION_PREFIX}{stored.id}")
    follow = Button(say("card.follow"), custom_id=f"{FOLLOW_PREFIX}{stored.id}")
    why = Button(say("card.why"), custom_id=f"{WHY_PREFIX}{stored.id}")
    return Post(embed=embed, buttons=(*read, talk, follow, why), permalink=link)


def plain_card(stored: StoredStory, skipped: int = 0) -> Post:
    """Return the card as text, for channels where the bot may not embed links and after a refused embed."""
    story = stored.story
    link = short_link(story.url)
    title = title_line(story)
    left_out = _left_out(story, skipped)
    room = min(500, CONTENT_LIMIT - markdown.units(title) - markdown.units(left_out) - 2)
    text = "\n".join(filter(None, (title, markdown.excerpt(story.summary, room), left_out)))
    return Post(content=text, permalink=link)


def title_line(story: Story) -> str:
    """Return the story's title in bold, linked to its address where it has one."""
    link = short_link(story.url)
    return f"**[{headline(story)}](<{link}>)**" if link else f"**{headline(story)}**"


def thread_name(story: Story) -> str:
    """Return the name of the story's thread: 1 to 100 characters of its title."""
    return _cut(story.title, THREAD_NAME_LIMIT) or NO_TITLE


def comment_link(story: Story, comment: Comment) -> str | None:
    """Return the comment's own address, else the story's with the comment's key as fragment, else None."""
    own = short_link(comment.url)
    page = short_link(story.url)
    return own or (short_link(f"{page.split('#')[0]}#{quote(comment.key, safe='')}") if page else None)


def comment_parts(story: Story, comment: Comment, parent: Parent | None = None) -> list[Post]:
    """Return the messages of one comment: a head with author and time, its text, split where it is too long.

    A parent that is not answered natively is named and linked below the head, never quoted.
    """
    link = comment_link(story, comment)
    head = _head(comment, link)
    if parent and parent.message_id is None:
        head += _in_reply_to(story, parent.comment)
    more = f"{CONTINUED}{name(comment)}, {f'[continued](<{link}>)' if link else 'continued'}\n"
    texts = markdown.split(comment.body, CONTENT_LIMIT - len(more) - 8, CONTENT_LIMIT - len(head) - 8) or [NO_TEXT]
    return [Post(content=(more if part else head) + text, permalink=link) for part, text in enumerate(texts)]


def deleted_marker(story: Story, comment: Comment) -> Post:
    """Return what stands in place of a deleted comment that has live replies: nothing of its text or author."""
    link = comment_link(story, comment)
    return Post(content=f"{DELETED} [link](<{link}>)" if link else DELETED, permalink=link)


def plain_comment(post: Post) -> Post:
    """Return a comment's message with every mark-up escaped, for the one retry after Discord refused it."""
    text = markdown.escape(markdown.plain(post.content))
    return Post(content=text[:CONTENT_LIMIT].rstrip("\\") or NO_TEXT, reply_to=post.reply_to, permalink=post.permalink)


def _head(comment: Comment, link: str | None) -> str:
    time = f"<t:{int(comment.posted_at.timestamp())}:f>" if comment.posted_at else None
    if link:
        return f"**{name(comment)}** · [{time or 'comment'}](<{link}>)\n"
    return f"**{name(comment)}**{f' · {time}' if time else ''}\n"


def _left_out(story: Story, skipped: int) -> str:
    """Say how many comments are not mirrored, and where to read them."""
    if not skipped:
        return ""
    link = short_link(story.url)
    return say("card.left_out_there" if link else "card.left_out", count=skipped, link=link)


def _in_reply_to(story: Story, parent: Comment | None) -> str:
    """Name whom a comment answers; a deleted comment's author is named no more."""
    if parent is None:
        return f"{ANSWERS} a comment that I could not read\n"
    if parent.deleted:
        return f"{ANSWERS} a deleted comment\n"
    link = comment_link(story, parent)
    return f"{ANSWERS} [{name(parent)}](<{link}>)\n" if link else f"{ANSWERS} {name(parent)}\n"


def short_link(url: str | None) -> str | None:
    """Return an address that leaves room for words in a message, or None."""
    link = safe_link(url)
    return link if link and len(link) <= LINK_LIMIT else None


def headline(story: Story) -> str:
    """Return the title escaped: cut before escaping, as a cut through an escape would undo it."""
    limit = TITLE_LIMIT
    while len(title := markdown.escape(_cut(story.title, limit))) > TITLE_LIMIT:
        limit -= len(title) - TITLE_LIMIT
    return title or NO_TITLE


def name(comment: Comment) -> str:
    """Return a commenter's name as one escaped line."""
    return member_name(comment.author)


def member_name(text: str) -> str:
    """Return anybody's name as one escaped line."""
    return markdown.escape(_cut(text, NAME_LIMIT)) or "(no name)"


def comment_count(stored: StoredStory) -> str:
    """Return the number of comments in words."""
    return say("card.comments", count=stored.comment_count)


def _footer(stored: StoredStory, *, counted: bool) -> str:
    author = _cut(stored.story.author or "", NAME_LIMIT)
    return " · ".join(filter(None, (author, comment_count(stored) if counted else "")))


def _cut(text: str, limit: int) -> str:
    """Return one clean line of at most ``limit`` UTF-16 units: never more permissive than Discord's count."""
    line = markdown.clean_line(text)
    if len(line.encode("utf-16-le")) // 2 <= limit:
        return line
    while len(line.encode("utf-16-le")) // 2 > limit - 1:
        line = line[:-1]
    return line.rstrip() + "…"
