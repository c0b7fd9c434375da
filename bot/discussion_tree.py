"""A discussion as one server's member sees it: mirrored comments and the server's own replies, as one sorted tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.model import MemberReply, StoredComment, StoredStory

Said = StoredComment | MemberReply
_Key = str | int | None  # a comment's key, a reply's message, or the story


class Sort(StrEnum):
    """In which order those who answer the same are shown."""

    OLDEST = "oldest"
    NEWEST = "newest"
    LIKES = "likes"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A story's comments in the order of its page, and the replies of one server that the asking member may see.

    ``links`` leads to the message in that server: of a comment by its id, of the card by None.
    """

    story: StoredStory
    comments: tuple[StoredComment, ...] = ()
    replies: tuple[MemberReply, ...] = ()
    links: tuple[tuple[int | None, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """One comment or reply in its place; ``below`` counts all that answers it, ``parent`` is the node it answers."""

    depth: int
    said: Said
    parent: Said | None = None
    below: int = 0

    @property
    def deleted(self) -> bool:
        """Whether only its place is left."""
        return self.said.deleted if isinstance(self.said, MemberReply) else self.said.comment.deleted


def arrange(conversation: Conversation, sort: Sort = Sort.OLDEST) -> list[Node]:
    """Return the whole tree from top to bottom, in linear time but for the sorting.

    What answers something unknown stands at the top; of a circle of parents the first member does.
    """
    everything: dict[_Key, Said] = {stored.comment.key: stored for stored in conversation.comments}
    everything |= {reply.message_id: reply for reply in conversation.replies}
    parents = _parents(conversation, everything)
    children: defaultdict[_Key, list[_Key]] = defaultdict(list)
    for key in everything:
        children[parents[key]].append(key)
    order = {key: _sorted(siblings, everything, sort) for key, siblings in children.items()}
    nodes: dict[_Key, Node] = {}
    stack: list[tuple[int, _Key]] = [(0, key) for key in [*reversed(everything), *reversed(order.get(None, []))]]
    while stack:
        depth, key = stack.pop()
        if key not in nodes:
            above = parents[key] if depth else None
            nodes[key] = Node(depth, everything[key], everything.get(above))
            stack += [(depth + 1, child) for child in reversed(order.get(key, []))]
    return _counted(list(nodes.values()))


def has_likes(conversation: Conversation) -> bool:
    """Tell whether any comment's source says how often it is liked."""
    return any(stored.comment.likes is not None for stored in conversation.comments)


def _parents(conversation: Conversation, everything: Mapping[_Key, Said]) -> dict[_Key, _Key]:
    """Return whom each answers, None for the story."""
    keys = {stored.id: stored.comment.key for stored in conversation.comments}
    found: dict[_Key, _Key] = {}
    for stored in conversation.comments:
        found[stored.comment.key] = stored.comment.parent if stored.comment.parent in everything else None
    for reply in conversation.replies:
        above: _Key = reply.answers if reply.answers in everything else keys.get(reply.comment_id or 0)
        found[reply.message_id] = above
    return found


def _sorted(siblings: Sequence[_Key], everything: Mapping[_Key, Said], sort: Sort) -> list[_Key]:
    """Sort those who answer the same; comments without a time keep the order of their page, before the replies."""
    said = [everything[key] for key in siblings]
    dated = all(isinstance(one, MemberReply) or one.comment.posted_at for one in said)
    by_age = sorted(range(len(said)), key=lambda index: (_time(said[index]) if dated else 0.0, index))
    if sort is Sort.NEWEST:
        by_age.reverse()
    elif sort is Sort.LIKES:
        by_age.sort(key=lambda index: -_likes(said[index]))
    return [siblings[index] for index in by_age]


def _time(said: Said) -> float:
    moment = said.posted_at if isinstance(said, MemberReply) else said.comment.posted_at
    return moment.timestamp() if moment else 0.0


def _likes(said: Said) -> int:
    """Return the likes, 0 where nobody tells: between what is liked and what is disliked."""
    return 0 if isinstance(said, MemberReply) or said.comment.deleted else said.comment.likes or 0


def _counted(nodes: Sequence[Node]) -> list[Node]:
    """Say of each node how many stand below it: all that follow it until one stands no deeper."""
    below = [0] * len(nodes)
    ancestors: list[int] = []
    for index, node in enumerate(nodes):
        while ancestors and nodes[ancestors[-1]].depth >= node.depth:
            done = ancestors.pop()
            if ancestors:
                below[ancestors[-1]] += below[done] + 1
        ancestors.append(index)
    while len(ancestors) > 1:
        done = ancestors.pop()
        below[ancestors[-1]] += below[done] + 1
    return [replace(node, below=count) for node, count in zip(nodes, below, strict=True)]
