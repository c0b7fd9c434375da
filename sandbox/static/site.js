// The example site: write stories and comments, edit and delete them, and see what the bot makes of it.

import * as api from "./api.js";
import { el, icon, iconButton, link } from "./dom.js";
import { menuButton } from "./heads.js";
import { confirm } from "./modal.js";
import { SiteForm } from "./site-form.js";
import { nameOf } from "./store.js";
import { timeNode } from "./time.js";

// Long enough to read what is said.
const STATUS_MS = 6000;
const MS_A_LETTER = 90;

/** What stands above the site. */
export function siteHead(app) {
  return el("header", { class: "pane-head" }, menuButton(app), el("h2", {}, icon("news"), el("span", {}, "Example site")),
    el("p", { class: "topic" }, "The bot reads it like any other site"),
    el("div", { class: "head-tools" }, iconButton("refresh", "Let the bot look now", () => app.site?.ask("check", {}, "The bot looks at the site now."))));
}

/** It stands in for a pane: the app loads it, and it takes no messages. */
export class SiteView {
  constructor(app) {
    Object.assign(this, { app, store: app.store, channelId: "site", form: null });
    this.status = el("p", { class: "site-status", role: "status" });
    this.list = el("div", { class: "stories" });
    const write = el("button", { type: "button", class: "button primary", onclick: () => this.open("story") }, icon("pen"), "Write a story");
    this.place = el("div", {});
    this.about = el("div", { class: "site-about" });
    this.node = el("div", { class: "site", tabindex: "-1" }, this.about, el("div", { class: "site-bar" }, write), this.place, this.list, this.status);
    this.composer = { input: write };
  }

  async load() {
    try {
      this.show(await api.site());
    } catch (problem) {
      this.list.replaceChildren(el("p", { class: "form-error" }, problem.message));
    }
  }

  /** Draw what the site holds; an open form keeps what was typed into it, and the focus. */
  show(site) {
    const focused = this.node.contains(document.activeElement) ? document.activeElement : null;
    const name = focused?.dataset.does;
    this.about.replaceChildren(el("p", {}, "This is ", el("b", {}, site.name), ", a small news site on this machine (", link(site.url, "open it"),
      "). The bot reads it through its usual source for Discourse forums. Whatever you change here wakes the bot at once, so that you need not wait for its next look; watch ",
      this.newsChannel(), "."), details());
    this.list.replaceChildren(...site.stories.map((story) => this.story(story, site)));
    this.put();
    const again = name ? this.node.querySelector(`[data-does="${CSS.escape(name)}"]`) : focused;
    if (focused && document.activeElement !== again) again?.focus();
  }

  newsChannel() {
    const channel = this.store.textChannels(this.app.guildId).find((one) => one.name === "space-news");
    return channel ? this.app.channelMention(channel.id) : "its channel";
  }

  story(story, site) {
    const [text, ...comments] = story.posts;
    const known = new Set(comments.map((one) => one.number));
    const tops = comments.filter((one) => !known.has(one.answers));
    return el("article", { class: "site-story", "aria-label": story.title },
      el("h3", {}, link(`${site.url}t/${story.slug}/${story.id}`, story.title)),
      this.post(text, story), this.slot(`comment:${story.id}`),
      comments.length > 0 && el("ol", { class: "site-comments" }, tops.map((one) => this.comment(one, comments, story))));
  }

  comment(post, all, story) {
    const below = all.filter((one) => one.answers === post.number);
    return el("li", {}, this.post(post, story), this.slot(`reply:${post.id}`),
      below.length > 0 && el("ol", { class: "site-comments" }, below.map((one) => this.comment(one, all, story))));
  }

  post(post, story) {
    const first = post.number === 1;
    const does = (name, what, label, run) => el("button", { type: "button", class: "text-button", "data-does": name, "aria-label": label, onclick: run }, what);
    const of = first ? `the story ${story.title}` : `the comment by ${post.author}`;
    return el("div", { class: `site-post${post.deleted ? " deleted" : ""}` },
      el("p", { class: "site-by" }, el("b", {}, post.author), " · ", timeNode(new Date(post.created_at), "R", ""), post.edited && !post.deleted && " · edited"),
      el("p", { class: "site-text" }, post.text), this.slot(`edit:${post.id}`),
      el("p", { class: "site-does" },
        first ? does(`comment:${story.id}`, "Comment", `Comment on ${of}`, () => this.open("comment", { story }))
          : does(`reply:${post.id}`, "Reply", `Reply to ${of}`, () => this.open("reply", { story, post })),
        !post.deleted && does(`edit:${post.id}`, "Edit", `Edit ${of}`, () => this.open("edit", { story, post })),
        !post.deleted && does(`remove:${post.id}`, first ? "Withdraw" : "Delete", `${first ? "Withdraw" : "Delete"} ${of}`, () => this.remove(post, first)),
        first && does(`mirror:${story.id}`, "See it in Discord", `See ${of} in Discord`, () => this.mirror(story))));
  }

  /** The place where a form of this name opens. */
  slot(name) {
    return el("div", { "data-place": name });
  }

  open(kind, about = {}) {
    const id = { comment: about.story?.id, reply: about.post?.id, edit: about.post?.id }[kind];
    this.form = new SiteForm(kind, about, { name: nameOf(this.store.actor), send: (what, body, said) => this.ask(what, body, said), close: () => this.close() });
    this.form.place = id === undefined ? "story" : `${kind}:${id}`;
    this.put();
    this.form.focus();
  }

  put() {
    this.place.replaceChildren();
    for (const place of this.list.querySelectorAll("[data-place]")) place.replaceChildren();
    if (!this.form) return;
    const place = this.form.place === "story" ? this.place : this.list.querySelector(`[data-place="${CSS.escape(this.form.place)}"]`);
    place?.append(this.form.node);
  }

  close() {
    const from = this.form?.place;
    this.form = null;
    this.put();
    (this.node.querySelector(`[data-does="${CSS.escape(from ?? "")}"]`) ?? this.composer.input).focus();
  }

  /** Change the site; raises nothing but tells here what went wrong, and whether it went well. */
  async ask(what, body, said) {
    try {
      await api.change(what, body);
      this.say(said);
      return null;
    } catch (problem) {
      this.say(problem.message);
      return problem.message;
    }
  }

  /** Tell something for a while; it must not cover the stories for ever. */
  say(text) {
    this.status.textContent = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.status.replaceChildren(), Math.max(STATUS_MS, text.length * MS_A_LETTER));
  }

  async remove(post, first) {
    const text = first ? "The site will say that the story was withdrawn. The bot keeps its card and shows what the site shows."
      : "The site will say that the comment was deleted, and the bot will follow.";
    if (!await confirm(first ? "Withdraw story" : "Delete comment", text, first ? "Withdraw" : "Delete")) return;
    await this.ask("remove", { post: post.id }, first ? "Withdrawn. The bot reads the site now." : "Deleted. The bot reads the site now.");
  }

  /** Open the thread that the bot made of a story beside the site. */
  async mirror(story) {
    const { channel, thread } = await api.mirror(story.id).catch(() => ({}));
    if (thread) location.hash = `site/${thread}`;
    else if (channel) this.app.openChannel(channel);
    else this.say("The bot has not posted this story here (yet): ask it why with /stories why.");
  }

  // What the app asks of a pane and the site has no use for.
  apply() {}
  soon() {}
  find() { return null; }
}

function details() {
  return el("details", {}, el("summary", {}, "What the bot does when something is deleted"),
    el("p", {}, "A comment deleted here leaves a mark on the site, as Discourse forums do, so the bot follows at once: a comment that has answers becomes a note, one without is removed."),
    el("p", {}, "Other sites drop a comment without a word. There the bot waits until it is missing in two complete readings ten minutes apart, so that a broken page does not empty a thread."),
    el("p", {}, "A withdrawn story keeps its card and its thread; the card then says what the site says."));
}
