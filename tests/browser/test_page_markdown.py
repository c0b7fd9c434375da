"""Markdown on the page, as Discord draws it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.page_stage import Stage

DRAW = """async (text) => {
  const { markdown } = await import("/page/static/markdown.js");
  const name = (id) => document.createTextNode(`@${id}`);
  const node = document.createElement("div");
  node.append(markdown(text, { mentionUser: name, mentionChannel: name }));
  for (const one of node.querySelectorAll("*")) {
    for (const { name } of [...one.attributes]) if (name !== "href" && name !== "start") one.removeAttribute(name);
  }
  return node.innerHTML;
}"""

SAMPLES = {
    "**bold** *it* _it_ __under__ ~~gone~~": "<strong>bold</strong> <em>it</em> <em>it</em> <u>under</u> <s>gone</s>",
    "***both***": "<strong><em>both</em></strong>",
    "snake_case_name 2 * 3 * 4": "snake_case_name 2 * 3 * 4",
    r"\*not\* \_not\_ \> \# \[a](https://b.example)": "*not* _not_ &gt; # [a](https://b.example)".replace(
        "https://b.example", '<a href="https://b.example/">https://b.example</a>'
    ),
    "`a **b**` ``x ` y``": "<code>a **b**</code> <code>x ` y</code>",
    "a\n```py\n> x\n# y\n```\nb": "a\n<pre><code>&gt; x\n# y</code></pre>b",
    "> one\n> two\nthree": "<blockquote>one\ntwo</blockquote>three",
    ">>> one\ntwo": "<blockquote>one\ntwo</blockquote>",
    "# One\n## Two\n-# small\nrest": "<div>One</div><div>Two</div><small>small</small>rest",
    "#no heading": "#no heading",
    "- a\n  - b\n- c": "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>",
    "- a\n3. b": '<ul><li>a</li></ul><ol start="3"><li>b</li></ol>',
    "[x](https://a.example/b_(c))": '<a href="https://a.example/b_(c)">x</a>',
    "(https://a.example/b).": '(<a href="https://a.example/b">https://a.example/b</a>).',
    "<https://a.example/>": '<a href="https://a.example/">https://a.example/</a>',
    "[x](ftp://a.example)": "[x](ftp://a.example)",
    "<@12> <@!12> <#34>": "@12 @12 @34",
    "||hidden||": "<span><span>hidden</span></span>",
}


@pytest.mark.asyncio
async def test_markdown_is_drawn_as_discord_draws_it(stage: Stage) -> None:
    page = await stage.open()
    drawn = {text: await page.evaluate(DRAW, text) for text in SAMPLES}
    assert drawn == SAMPLES


@pytest.mark.asyncio
async def test_a_spoiler_is_uncovered_and_times_are_told(stage: Stage) -> None:
    page = await stage.open()
    await stage.channel.send("||secret|| <t:1700000000:D> <t:1700000000:R>")
    spoiler = page.locator(".spoiler")
    await expect(spoiler.locator("span")).to_have_css("opacity", "0")
    await spoiler.press("Enter")
    await expect(spoiler.locator("span")).to_have_css("opacity", "1")
    await expect(page.locator(".content time").first).to_contain_text("2023")
    await expect(page.locator(".content time").last).to_contain_text("ago")


@pytest.mark.asyncio
async def test_long_hostile_markdown_is_drawn_quickly(stage: Stage) -> None:
    page = await stage.open()
    unlucky = ["*a " * 1300, "[" * 4000, "**_~~||" * 600, "`" * 3999 + "a", "> " * 2000, "- a\n" * 1000, "__*" * 1300]
    took = await page.evaluate(
        """async (texts) => {
          const { markdown } = await import("/page/static/markdown.js");
          const start = performance.now();
          for (const text of texts) markdown(text, {});
          return performance.now() - start;
        }""",
        unlucky,
    )
    assert took < 5000
