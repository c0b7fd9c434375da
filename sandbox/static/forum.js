// A forum channel: its posts with their tags, the one last written in first.

import { el } from "./dom.js";
import { badge, iconOf } from "./heads.js";
import { counted, snippet } from "./messages.js";
import { marksOf, nameOf } from "./store.js";
import { timeNode } from "./time.js";

const MOST = 240;
const EPOCH = 1420070400000n;

export class Forum {
  /** `pane` is the pane the posts are shown in. */
  constructor(pane) {
    this.pane = pane;
    this.chosen = new Set();
    this.starts = new Map();
    this.filter = el("div", { class: "tag-filter", role: "group", "aria-label": "Filter by tag" });
    this.list = el("ul", { class: "posts" });
    this.none = el("p", { class: "hint" });
    this.node = el("section", { class: "forum", "aria-label": "Posts" }, this.filter, this.none, this.list);
  }

  /** The first message of a post came, changed or went. */
  started(t, message) {
    const id = String(message.id);
    if (t === "MESSAGE_DELETE") this.starts.delete(id);
    else this.starts.set(id, { ...this.starts.get(id), ...message });
    this.pane.soon();
  }

  draw() {
    const { store, channelId } = this.pane;
    const tags = store.channels.get(channelId)?.available_tags ?? [];
    const posts = store.threadsOf(channelId).filter((post) => [...this.chosen].every((tag) => (post.applied_tags ?? []).includes(tag)));
    const focused = document.activeElement?.dataset;
    this.filter.hidden = !tags.length;
    this.filter.replaceChildren(...tags.map((tag) => this.tag(tag)));
    this.none.hidden = posts.length > 0;
    this.none.textContent = this.chosen.size ? "No post has these tags." : "No posts in this forum yet. A post is a thread of its own; the bot makes them here when it follows this forum.";
    this.list.replaceChildren(...posts.map((post) => el("li", {}, this.post(post, tags))));
    const back = focused?.tag ? `[data-tag="${CSS.escape(focused.tag)}"]` : focused?.thread && `[data-thread="${CSS.escape(focused.thread)}"]`;
    if (back) this.node.querySelector(back)?.focus();
  }

  tag(tag) {
    const id = String(tag.id);
    return el("button", {
      type: "button", class: "tag", "aria-pressed": String(this.chosen.has(id)), "data-tag": id, onclick: () => {
        if (!this.chosen.delete(id)) this.chosen.add(id);
        this.draw();
      },
    }, label(tag));
  }

  post(post, tags) {
    const own = (post.applied_tags ?? []).map((id) => tags.find((tag) => String(tag.id) === String(id))).filter(Boolean);
    const unread = this.pane.store.unread.has(post.id);
    return el("button", { type: "button", class: "post-card", "data-thread": post.id, onclick: () => this.pane.openThread(post.id) },
      own.length > 0 && el("span", { class: "post-tags" }, own.map((tag) => badge(label(tag)))),
      el("span", { class: "post-title" }, iconOf(post), el("b", {}, post.name), unread && el("span", { class: "new" }, "new")),
      this.starts.has(post.id) && el("span", { class: "post-start" }, this.start(this.starts.get(post.id))),
      el("span", { class: "post-foot" }, counted(post.message_count ?? 0), " · ", timeNode(madeAt(post.last_message_id ?? post.id), "R", ""),
        marksOf(post).map(badge)));
  }

  /** Who wrote the first message, and how it begins; a card's title would only repeat the post's. */
  start(message) {
    const text = message.content || message.embeds?.[0]?.description;
    return [el("b", {}, nameOf(message.author)), ": ", snippet(text ? { ...message, content: text } : message, this.pane, MOST)];
  }
}

const label = (tag) => [tag.emoji_name, tag.name].filter(Boolean).join(" ");

/** When an id of Discord's was made. */
function madeAt(id) {
  return new Date(Number((BigInt(id) >> 22n) + EPOCH));
}
