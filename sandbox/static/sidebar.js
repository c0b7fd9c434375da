// The left column: servers, channels with their threads, and who the person acts as.

import { avatar, el, icon, iconButton } from "./dom.js";
import { iconOf } from "./heads.js";
import { nameOf } from "./store.js";

const CATEGORY = 4;
const THREADS_SHOWN = 8;

/** Draw the servers and the channels of the current one. */
export function drawChannels(app) {
  const { store } = app;
  const guild = store.guilds.find((one) => String(one.id) === app.guildId) ?? store.guilds[0];
  document.getElementById("rail").replaceChildren(...store.guilds.map((one) => server(app, one, one === guild)));
  document.querySelector("#server h1").textContent = guild?.name ?? "Discord sandbox";
  app.title();
  const focused = document.activeElement?.dataset?.channel;
  const box = document.getElementById("channels");
  box.replaceChildren(...(guild ? groups(app, guild) : [el("p", { class: "hint" }, "No server yet.")]));
  // Drawing anew must not take the focus from someone going through the list.
  if (focused) box.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

function server(app, guild, current) {
  const letters = guild.name.split(/\s+/).map((word) => [...word][0]).slice(0, 2).join("");
  return el("button", {
    type: "button", class: "server", "aria-label": guild.name, title: guild.name, "aria-current": current ? "true" : null,
    onclick: () => app.openGuild(String(guild.id)),
  }, letters);
}

function groups(app, guild) {
  const channels = app.store.textChannels(guild.id);
  if (!channels.length) return [el("p", { class: "hint" }, "This server has no text channel.")];
  const all = [...app.store.channels.values()];
  const categories = all.filter((one) => one.type === CATEGORY && one.guild_id === String(guild.id));
  const known = new Set(categories.map((one) => one.id));
  const loose = channels.filter((one) => !known.has(String(one.parent_id)));
  return [
    app.store.hasSite && siteEntry(app),
    directs(app),
    loose.length > 0 && group(app, "Text channels", loose),
    ...categories.map((one) => group(app, one.name, channels.filter((channel) => String(channel.parent_id) === one.id))),
  ].filter(Boolean);
}

function group(app, name, channels) {
  return el("section", {}, el("h2", {}, name), el("ul", {}, channels.map((channel) => el("li", {},
    entry(app, channel, iconOf(channel)), threads(app, channel)))));
}

/** The way to the example site, whose stories the bot reads. */
function siteEntry(app) {
  return el("section", {}, el("h2", {}, "Example site"), el("ul", {}, el("li", {}, el("button", {
    type: "button", class: "channel", "data-channel": "site", "aria-current": app.channelId === "site" ? "page" : null,
    onclick: () => app.openChannel("site"),
  }, icon("news"), el("span", { class: "channel-name" }, "Write the news")))));
}

/** What the bot wrote to the acting person alone. */
function directs(app) {
  const { directs: found, actor } = app.store;
  if (!actor) return null;
  if (!found.length) return el("section", {}, el("h2", {}, "Direct messages"), el("p", { class: "hint" }, `The bot has not written to ${nameOf(actor)} yet.`));
  return group(app, "Direct messages", found);
}

function threads(app, channel) {
  const all = app.store.threadsOf(channel.id);
  const open = all.filter((one) => !one.thread_metadata?.archived || one.id === app.threadId);
  const shown = open.filter((one, index) => index < THREADS_SHOWN || one.id === app.threadId || app.store.unread.has(one.id));
  if (!shown.length) return null;
  return el("ul", { class: "side-threads", "aria-label": `Threads in ${channel.name}` },
    shown.map((thread) => el("li", {}, entry(app, thread, icon("thread")))));
}

function entry(app, channel, mark) {
  const thread = app.store.isThread(channel.id);
  const current = channel.id === (thread ? app.threadId : app.channelId);
  const unread = app.store.unread.has(channel.id);
  return el("button", {
    type: "button", class: `channel${unread ? " unread" : ""}`, "data-channel": channel.id, title: channel.name,
    "aria-current": current ? "page" : null, onclick: () => (thread ? app.openThread(channel.id) : app.openChannel(channel.id)),
  }, mark, el("span", { class: "channel-name" }, channel.name), unread && el("span", { class: "visually-hidden" }, " (unread)"));
}

/** Draw who the person acts as, and the switches of the page. */
export function drawMe(app) {
  const { store } = app;
  const choose = el("select", { id: "actor", onchange: (event) => app.actAs(event.target.value) },
    store.people.map((user) => el("option", { value: user.id, selected: user.id === store.actorId }, `${nameOf(user)} (${user.role})`)));
  document.getElementById("me").replaceChildren(
    store.actor ? avatar({ ...store.actor }) : "",
    el("label", { class: "acting", for: "actor" }, "Acting as"), choose,
    iconButton("theme", "Switch between dark and light", () => app.switchTheme()));
}
