// The page: what is open, what came in, and what the person does.

import * as api from "./api.js";
import { Actions } from "./actions.js";
import { el, iconButton } from "./dom.js";
import { channelHead, drawTools, threadHead } from "./heads.js";
import { Pane } from "./pane.js";
import { drawChannels, drawMe } from "./sidebar.js";
import { SiteView, siteHead } from "./site.js";
import { Store } from "./store.js";

const THEME = "sandbox-theme";
const MESSAGE_LINK = /^https:\/\/(?:[a-z]+\.)?discord\.com\/channels\/(?:\d+|@me)\/(\d+)(?:\/(\d+))?\/?$/;
const byIdOf = (id) => document.getElementById(id);

class App extends Actions {
  constructor() {
    super();
    this.store = new Store();
    this.context = {
      store: this.store,
      mentionUser: (id) => el("span", { class: "mention" }, `@${this.store.users.get(id)?.name ?? "unknown-user"}`),
      mentionChannel: (id) => this.channelMention(id),
      mentionCommand: (name) => this.mentionCommand(name),
      mentionRole: (id) => el("span", { class: "mention" }, `@${this.store.roles.get(id)?.name ?? "unknown-role"}`),
    };
    this.main = null;
    this.site = null;
    this.panel = null;
  }

  get panes() {
    return [this.main, this.panel].filter(Boolean);
  }

  get channelId() { return this.main?.channelId ?? null; }
  get threadId() { return this.panel?.channelId ?? null; }

  channelMention(id) {
    const channel = this.store.channels.get(id);
    if (!this.store.shows(id)) return el("span", { class: "mention" }, "#unknown");
    const open = () => (this.store.isThread(id) ? this.openThread(id) : this.openChannel(id));
    return el("button", { type: "button", class: "mention", onclick: open }, `#${channel.name}`);
  }

  /** A command in running text; pressed, it goes into the message box beside it. */
  mentionCommand(name) {
    const begin = (event) => (this.panes.find((pane) => pane.node.contains(event.currentTarget)) ?? this.main)?.composer.command?.(name);
    return el("button", { type: "button", class: "mention", onclick: begin }, `/${name}`);
  }

  start() {
    this.setTheme(localStorage.getItem(THEME));
    byIdOf("shade").addEventListener("click", () => this.drawer(false));
    byIdOf("skip").addEventListener("click", (event) => {
      event.preventDefault();
      (this.panel ?? this.main)?.composer.input.focus();
    });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.drawer(false));
    addEventListener("hashchange", () => this.follow());
    document.addEventListener("click", (event) => this.messageLink(event));
    api.listen({
      onEvent: (t, d) => this.onEvent(t, d),
      onOpen: () => this.connected(),
      onLost: () => this.banner("Connection lost. Trying to reconnect…"),
    });
  }

  banner(text) {
    byIdOf("banner").textContent = text ?? "";
    byIdOf("banner").hidden = !text;
    document.documentElement.dataset.live = text ? "lost" : "yes";
  }

  /** Read everything anew, as events may have been missed while there was no connection. */
  async connected() {
    try {
      this.store.load(await api.snapshot());
    } catch (problem) {
      this.banner(problem.message);
      return;
    }
    drawMe(this);
    if (this.main && (this.site || this.store.shows(this.channelId))) {
      await Promise.all(this.panes.map((pane) => pane.load()));
      drawChannels(this);
      drawTools(this);
    } else await this.follow();
    this.setStarter();
    this.banner(null);
  }

  /** Read the snapshot again, for commands registered since. */
  async refresh() {
    try {
      this.store.load(await api.snapshot());
      drawChannels(this);
    } catch {
      // What is known already still serves; the banner tells of a lost connection.
    }
  }

  /** Open what the address names, or the channel a first visitor is likely to want. */
  async follow() {
    const [channel, thread, message] = location.hash.slice(1).split("/");
    const known = channel === "site" ? this.store.hasSite : this.store.shows(channel) && !this.store.isThread(channel);
    const wanted = known ? channel : this.firstChannel();
    if (!wanted) {
      drawChannels(this);
      byIdOf("main").replaceChildren(el("div", { class: "empty" }, el("p", { class: "empty-title" }, "There is no channel yet."),
        el("p", {}, "Start the bot against this sandbox, then reload the page.")));
      return;
    }
    if (wanted !== this.channelId) await (wanted === "site" ? this.showSite() : this.showChannel(wanted));
    if (thread && this.store.isThread(thread)) {
      if (thread !== this.threadId) await this.showThread(thread);
    } else if (this.panel) this.hideThread();
    if (message) (this.main.find(message) ? this.main : this.panel)?.jump(message);
  }

  /** A link to a message of ours leads there within the page, as it does in Discord. */
  messageLink(event) {
    const [, channelId, message] = MESSAGE_LINK.exec(event.target.closest?.("a[href]")?.href ?? "") ?? [];
    const channel = this.store.channels.get(channelId);
    if (!this.store.shows(channelId) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const place = this.store.isThread(channelId) ? `${channel.parent_id}/${channelId}` : `${channelId}/`;
    const hash = message ? `${place}/${message}` : place;
    this.drawer(false);
    if (location.hash === `#${hash}`) this.follow();
    else location.hash = hash;
  }

  firstChannel() {
    const channels = this.store.guilds.flatMap((guild) => this.store.textChannels(guild.id));
    return (channels.find((one) => this.store.threadsOf(one.id).length) ?? channels[0])?.id ?? null;
  }

  openGuild(id) {
    const [first] = this.store.textChannels(id);
    if (first) this.openChannel(first.id);
  }

  openChannel(id) {
    this.drawer(false);
    location.hash = id;
  }

  openThread(id) {
    this.drawer(false);
    const parent = this.store.channels.get(String(id))?.parent_id ?? this.channelId;
    location.hash = `${parent}/${id}`;
  }

  closeThread() {
    const back = this.threadId;
    location.hash = this.channelId;
    document.querySelector(`[data-thread="${CSS.escape(back)}"]`)?.focus();
  }

  async showChannel(id) {
    const channel = this.store.channels.get(id);
    // Beside direct messages the server stays that one came from.
    this.guildId = channel.guild_id || this.guildId || String(this.store.guilds[0]?.id ?? "");
    this.site = null;
    this.main = new Pane(this, id, "main");
    this.seen(id);
    byIdOf("main").replaceChildren(channelHead(this, channel), this.main.node);
    drawTools(this);
    await this.main.load();
  }

  /** Show the example site in place of a channel. */
  async showSite() {
    this.guildId ??= String(this.store.guilds[0]?.id ?? "");
    this.main = this.site = new SiteView(this);
    drawChannels(this);
    byIdOf("main").replaceChildren(siteHead(this), this.main.node);
    await this.main.load();
  }

  async showThread(id) {
    const thread = this.store.channels.get(id);
    this.panel = new Pane(this, id, "panel");
    this.seen(id);
    const close = iconButton("close", "Close thread", () => this.closeThread());
    byIdOf("panel").replaceChildren(threadHead(thread, close), this.panel.node);
    drawTools(this);
    byIdOf("panel").hidden = false;
    document.body.classList.add("with-thread");
    this.setStarter();
    await this.panel.load();
    close.focus();
  }

  hideThread() {
    this.panel = null;
    byIdOf("panel").hidden = true;
    byIdOf("panel").replaceChildren();
    document.body.classList.remove("with-thread");
    drawChannels(this);
  }

  /** Show the message a thread was started from at the head of the thread. */
  setStarter() {
    if (!this.panel) return;
    this.panel.starter = this.main?.find(this.threadId) ?? null;
    this.panel.soon();
  }

  seen(id) {
    this.store.unread.delete(id);
    drawChannels(this);
    this.main?.soon();
  }

  /** Name the channel in the tab, and how many others have something new. */
  title() {
    const name = this.site ? "example site" : this.store.channels.get(this.channelId)?.name;
    const sign = this.site ? "" : this.store.isDirect(this.channelId) ? "@" : "#";
    const unread = this.store.unreadCount;
    document.title = `${unread ? `(${unread}) ` : ""}${name ? `${sign}${name} · ` : ""}Discord sandbox`;
  }

  drawer(open) {
    document.body.classList.toggle("drawer-open", open);
    byIdOf("shade").hidden = !open;
    if (open) byIdOf("channels").querySelector("button")?.focus();
  }

  actAs(id) {
    const user = this.store.users.get(id);
    if (!user) return;
    this.store.actor = user;
    drawMe(this);
    drawChannels(this);
    byIdOf("actor").focus();
    if (this.main && !this.site && !this.store.shows(this.channelId)) location.hash = this.firstChannel() ?? "";
    drawTools(this);
    for (const pane of this.panes) pane.soon();
  }

  setTheme(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
  }

  switchTheme() {
    const now = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
    const theme = now === "light" ? "dark" : "light";
    localStorage.setItem(THEME, theme);
    this.setTheme(theme);
  }
}

new App().start();
