// A channel or a thread: its header, its log of messages and its message box.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { el } from "./dom.js";
import { Forum } from "./forum.js";
import { continues, dayOf, messageNode } from "./messages.js";
import { byId, marksOf } from "./store.js";

const NEAR = 80;

export class Pane {
  /** `app` opens threads and runs what a person does; `prefix` keeps ids of two panes apart. */
  constructor(app, channelId, prefix) {
    Object.assign(this, { app, channelId: String(channelId), prefix, store: app.store, context: app.context });
    this.messages = new Map();
    this.drawn = new Map();
    this.waiting = [];
    this.loaded = false;
    this.list = el("ol", { class: "messages" });
    this.empty = el("div", { class: "empty", hidden: true });
    this.log = el("div", { class: "log", role: "log", "aria-label": "Messages", "aria-live": "polite", "aria-busy": "true", tabindex: "0" },
      this.empty, this.list);
    this.fresh = el("button", { type: "button", class: "fresh", hidden: true, onclick: () => this.bottom() }, "New messages ↓");
    this.log.addEventListener("scroll", () => {
      this.stuck = this.atBottom();
      if (this.stuck) this.fresh.hidden = true;
    });
    // A taller message box must not hide what was last in sight.
    new ResizeObserver(() => this.stuck && this.bottom()).observe(this.log);
    this.composer = new Composer(this);
    this.forum = this.store.isForum(channelId) ? new Forum(this) : null;
    if (this.forum) this.log.replaceChildren(this.forum.node);
    this.node = el("div", { class: "pane" }, this.log, this.fresh, !this.forum && this.composer.node);
  }

  /** Fetch all messages; events that come meanwhile are kept and then applied. */
  async load() {
    this.loaded = false;
    try {
      const list = this.forum ? [] : await api.messages(this.channelId);
      if (this.forum) this.forum.starts = new Map(Object.entries(await api.posts(this.channelId)));
      this.messages = new Map(list.map((message) => [String(message.id), message]));
      this.problem = null;
    } catch (problem) {
      this.problem = problem.message;
    }
    this.loaded = true;
    for (const [t, d] of this.waiting.splice(0)) this.apply(t, d);
    this.log.setAttribute("aria-busy", "true");
    this.sync();
    if (!this.forum) this.bottom();
    this.log.setAttribute("aria-busy", "false");
  }

  apply(t, d) {
    if (!this.loaded) {
      this.waiting.push([t, d]);
      return;
    }
    const id = String(d.id);
    if (t === "MESSAGE_CREATE") this.messages.set(id, d);
    else if (t === "MESSAGE_UPDATE" && this.messages.has(id)) this.messages.set(id, { ...this.messages.get(id), ...d });
    else if (t.startsWith("MESSAGE_REACTION_")) this.react(t, d);
    else if (t === "MESSAGE_DELETE") this.messages.delete(id);
    else if (t === "MESSAGE_DELETE_BULK") for (const one of d.ids ?? []) this.messages.delete(String(one));
    this.soon();
  }

  /** The message that this thread hangs on was edited in a channel that is not open. */
  starterChanged(d) {
    for (const [id, one] of this.messages) {
      if (one.type === 21) this.messages.set(id, { ...one, referenced_message: { ...one.referenced_message, ...d } });
    }
    this.soon();
  }

  react(t, d) {
    const message = this.messages.get(String(d.message_id));
    if (!message || !d.emoji) return;
    const others = (message.reactions ?? []).filter((one) => one.emoji.name !== d.emoji.name);
    const before = (message.reactions ?? []).find((one) => one.emoji.name === d.emoji.name)?.count ?? 0;
    const count = before + (t.endsWith("ADD") ? 1 : -1);
    this.messages.set(String(message.id), { ...message, reactions: count > 0 ? [...others, { emoji: d.emoji, count }] : others });
  }

  /** Draw soon, so that a burst of events is drawn once. */
  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.sync();
    }, 16);
  }

  items() {
    // The starter is drawn from the parent channel, where its edits arrive.
    const own = [...this.messages.values()].filter((one) => !(this.starter && one.type === 21)).sort(byId);
    const all = this.starter ? [this.starter, ...own] : own;
    const hidden = this.store.privateIn(this.channelId);
    if (!hidden.length) return all;
    // What only this person sees has no id of Discord's; it stands where its time puts it.
    const timed = [...all, ...hidden].map((item) => [Date.parse(item.timestamp), item]);
    return timed.sort((a, b) => a[0] - b[0]).map(([, item]) => item);
  }

  /** Make the log show the messages there are, keeping every node that did not change. */
  sync() {
    if (!this.loaded) return;
    if (this.forum) {
      this.forum.draw();
      return;
    }
    const stay = this.atBottom();
    const items = this.items();
    const before = this.drawn;
    const grew = items.some((item) => !before.has(item.id)) && before.size > 0;
    this.drawn = new Map();
    let last = null;
    let place = this.list.firstChild;
    for (const item of items) {
      const entry = this.entry(item, last, before.get(item.id));
      this.drawn.set(item.id, entry);
      for (const node of entry.nodes) {
        if (node === place) place = place.nextSibling;
        else this.list.insertBefore(node, place);
      }
      last = item;
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
    this.hint(items.length);
    if (stay) this.bottom();
    else if (grew) this.fresh.hidden = false;
  }

  entry(item, last, old) {
    const newDay = !last || dayOf(last) !== dayOf(item);
    const grouped = !newDay && continues(item, last);
    const parent = this.find(item.message_reference?.message_id);
    const thread = this.store.channels.get(String(item.id));
    const same = [newDay, grouped, this.store.actorId, thread?.name, thread?.message_count, marksOf(thread), this.store.unread.has(String(item.id))].join("|");
    if (old && old.item === item && old.parent === parent && old.same === same) return old;
    const node = messageNode(this.shape(item), grouped, this);
    const nodes = newDay ? [el("li", { class: "day" }, el("span", {}, dayOf(item))), node] : [node];
    const entry = { item, parent, same, nodes };
    if (old) this.swap(old, node);
    return entry;
  }

  /** A thread's first message is shown as the message it was started from. */
  shape(item) {
    return item.type === 21 && item.referenced_message ? { ...item.referenced_message, id: item.id } : item;
  }

  /** Take the old nodes out, leaving the focus where it was. */
  swap(old, node) {
    const stops = "button, a[href], [tabindex='0']";
    const was = old.nodes.at(-1);
    const at = was.contains(document.activeElement) ? [...was.querySelectorAll(stops)].indexOf(document.activeElement) : -1;
    if (at >= 0) queueMicrotask(() => node.querySelectorAll(stops)[at]?.focus());
  }

  hint(count) {
    const channel = this.store.channels.get(this.channelId);
    this.empty.hidden = count > 0 && !this.problem;
    if (this.empty.hidden) return;
    const lines = this.problem ? [this.problem] : [
      this.store.isThread(this.channelId) ? "No messages in this thread yet." : `Nothing in ${this.store.isDirect(this.channelId) ? "@" : "#"}${channel?.name ?? "this channel"} yet.`,
      "Type / to see what the bot can do, or mention it in a message. What the bot posts appears here by itself.",
    ];
    this.empty.replaceChildren(el("p", { class: "empty-title" }, lines[0]), el("p", {}, lines[1] ?? "Reload the page to try again."),
      this.elsewhere());
  }

  /** Ways from an empty channel to where threads are. */
  elsewhere() {
    const channels = this.store.textChannels(this.app.guildId).filter((one) => one.id !== this.channelId && this.store.threadsOf(one.id).length);
    const ways = channels.map((one) => [one.id, `Go to #${one.name}`]);
    if (this.store.hasSite) ways.push(["site", "Write a story at the example site"]);
    return el("p", {}, ways.map(([id, text]) => el("button", {
      type: "button", class: "button secondary", onclick: () => this.app.openChannel(id),
    }, text)));
  }

  atBottom() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR;
  }

  bottom() {
    this.log.scrollTop = this.log.scrollHeight;
    this.fresh.hidden = true;
  }

  find(id) {
    if (id === undefined || id === null) return null;
    const found = this.messages.get(String(id));
    return found ?? (this.starter && String(this.starter.id) === String(id) ? this.starter : null);
  }

  /** Whether a reply's parent is missing from this channel, where it would have to be. */
  gone(message) {
    const channel = message.message_reference?.channel_id;
    return !channel || String(channel) === this.channelId || !message.referenced_message;
  }

  jump(id) {
    const node = document.getElementById(`${this.prefix}-${id}`);
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
    node.classList.remove("flash");
    requestAnimationFrame(() => node.classList.add("flash"));
    node.addEventListener("animationend", () => node.classList.remove("flash"), { once: true });
  }

  openThread(id) { this.app.openThread(id); }
  reply(message) { this.composer.replyTo(message); }
  remove(message) { this.app.remove(message); }
  menu(message, name) { this.app.menu(this.channelId, message, name); }
  use(message, customId, values) { this.app.use(this.channelId, message, customId, values); }
  dismiss(message) { this.app.dismiss(this.channelId, message); }
}
