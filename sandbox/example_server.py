"""The example site on 127.0.0.1: pages for people, JSON for the bot, and its file between two starts."""

from __future__ import annotations

import errno
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox import example_json
from sandbox.example_site import NAME, ExampleSite, Post, Story

HOST = "127.0.0.1"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STYLE = """:root { color-scheme: light dark } body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem;
font: 1.05rem/1.55 Georgia, serif } header { border-bottom: 3px double; margin-bottom: 1.5rem }
h1, h2 { line-height: 1.2 }
header a { color: inherit; text-decoration: none; font-size: 1.6rem; font-weight: bold } li { margin: .8rem 0 }
article, li { overflow-wrap: anywhere } small { opacity: .75 } .deleted { opacity: .6; font-style: italic }
.reply { margin-left: 1.5rem; border-left: 3px solid; padding-left: 1rem } ol { list-style: none; padding: 0 }"""


@asynccontextmanager
async def example_site(state: Path | None = None) -> AsyncIterator[ExampleSite]:
    """Serve the example site until the block ends; ``state`` keeps its stories and its port between two starts."""
    site = ExampleSite()
    port = _load(site, state) if state is not None and state.exists() else 0
    runner = web.AppRunner(_app(site), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        port = await _listen(runner, port)
        site.url = f"http://{HOST}:{port}/"
        if state is not None:
            site.listeners.append(partial(_save, site, port, state))
            _save(site, port, state)
        yield site
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> int:
    """Listen at the port of last time, as the bot knows the site by it; at another where somebody else has that."""
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        await web.TCPSite(runner, HOST, 0).start()
    return int(runner.addresses[0][1])


def _load(site: ExampleSite, state: Path) -> int:
    """Read stories and port; a file that is damaged is as good as none."""
    try:
        data = json.loads(state.read_text("utf-8"))
        site.load(data["stories"])
        return int(data["port"])
    except (ValueError, LookupError, TypeError):
        site.stories.clear()
        return 0


def _save(site: ExampleSite, port: int, state: Path) -> None:
    beside = state.with_name(state.name + ".new")
    state.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(json.dumps({"port": port, "stories": site.dump()}, default=str), "utf-8")
    beside.replace(state)


def _app(site: ExampleSite) -> web.Application:
    app = web.Application()
    add = app.router.add_get
    add("/", partial(_page, lambda _: _index(site)))
    add("/style.css", _style)
    add(r"/t/{slug}/{id:\d{1,9}}", partial(_page, lambda request: _article(_story(site, request))))
    add(r"/t/{slug}/{id:\d{1,9}}/{number:\d{1,9}}", partial(_page, lambda request: _article(_story(site, request))))
    add("/site/basic-info.json", partial(_json, lambda _: example_json.basic_info()))
    add("/latest.json", partial(_json, lambda _: example_json.latest(site)))
    add("/posts.json", partial(_json, lambda _: example_json.newest_posts(site)))
    add(r"/t/{id:\d{1,9}}.json", partial(_json, lambda request: example_json.topic(_story(site, request))))
    add(
        r"/t/{id:\d{1,9}}/posts.json",
        partial(_json, lambda request: example_json.topic(_story(site, request), _wanted(request))),
    )
    return app


async def _json(make: Callable[[web.Request], Any], request: web.Request) -> web.StreamResponse:
    return web.json_response(make(request), headers=HEADERS)


async def _style(_: web.Request) -> web.StreamResponse:
    return web.Response(text=STYLE, content_type="text/css", headers=HEADERS)


async def _page(make: Callable[[web.Request], str], request: web.Request) -> web.StreamResponse:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="generator" content="Discourse, as the sandbox imitates it">'
        f'<title>{NAME}</title><link rel="stylesheet" href="/style.css">'
        f'<header><a href="/">{NAME}</a><p><small>The example site of the sandbox</small></p></header>'
        f"{make(request)}</html>"
    )
    return web.Response(text=text, content_type="text/html", headers=HEADERS)


def _story(site: ExampleSite, request: web.Request) -> Story:
    story = site.stories.get(int(request.match_info["id"]))
    if story is None:
        raise web.HTTPNotFound
    return story


def _wanted(request: web.Request) -> set[int]:
    return {int(value) for value in request.query.getall("post_ids[]", []) if value.isdecimal()}


def _index(site: ExampleSite) -> str:
    newest = sorted(site.stories.values(), key=lambda story: story.id, reverse=True)
    rows = (
        f'<li><a href="/t/{example_json.slug(story)}/{story.id}">{escape(story.title)}</a><br>'
        f"<small>{len(story.posts) - 1} comments</small></li>"
        for story in newest
    )
    return f"<ol>{''.join(rows) or '<li>No stories yet.</li>'}</ol>"


def _article(story: Story) -> str:
    text, *comments = story.posts
    below = "".join(_comment(post) for post in comments) or "<p>No comments yet.</p>"
    return (
        f"<article><h1>{escape(story.title)}</h1><small>{escape(text.author)}</small>{_text(text)}</article>"
        f"<h2>Comments</h2>{below}"
    )


def _comment(post: Post) -> str:
    kind = ' class="reply"' if post.answers else ""
    return f'<section id="p{post.number}"{kind}><small>{escape(post.author)}</small>{_text(post)}</section>'


def _text(post: Post) -> str:
    body = example_json.cooked(post.shown)
    return f'<div class="deleted">{body}</div>' if post.deleted else body
