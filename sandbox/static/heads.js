// What stands above a channel or a thread: its name, its state and what a moderator can do with it.

import { el, icon, iconButton } from "./dom.js";
import { askPermissions } from "./modal.js";
import { marksOf } from "./store.js";

const ICONS = { 1: "direct", 5: "speaker", 15: "forum", 16: "forum", 10: "thread", 11: "thread", 12: "thread" };

/** The icon of a kind of channel. */
export const iconOf = (channel) => icon(ICONS[channel.type] ?? "hash");

/** The head of the middle column. */
export function channelHead(app, channel) {
  return el("header", { class: "pane-head" }, menuButton(app),
    el("h2", {}, iconOf(channel), el("span", {}, channel.name)), channel.topic && el("p", { class: "topic" }, channel.topic),
    el("div", { class: "head-tools", "data-of": channel.id }));
}

/** The button that shows the channels on a narrow screen. */
export const menuButton = (app) => iconButton("menu", "Show channels", () => app.drawer(true), { class: "icon-button menu" });

/** The head of a thread; `close` is the button that closes it. */
export function threadHead(thread, close) {
  return el("header", { class: "pane-head" }, el("h2", {}, icon("thread"), el("span", {}, thread.name)),
    el("div", { class: "head-tools", "data-of": thread.id }), close);
}

/** Draw the states and tools of every head anew, leaving the focus where it was. */
export function drawTools(app) {
  for (const box of document.querySelectorAll(".head-tools[data-of]")) {
    const channel = app.store.channels.get(box.dataset.of);
    const at = [...box.children].indexOf(document.activeElement);
    box.replaceChildren(...(channel ? tools(app, channel) : []).filter(Boolean));
    if (at >= 0) box.children[at]?.focus();
  }
}

function tools(app, channel) {
  return app.store.isThread(channel.id) ? threadTools(app, channel) : channelTools(app, channel);
}

function threadTools(app, thread) {
  const locked = Boolean(thread.thread_metadata?.locked);
  const button = iconButton(locked ? "unlock" : "lock", locked ? "Unlock thread" : "Lock thread", () => app.lock(thread, !locked));
  return [...marksOf(thread).map(badge), app.store.moderates && button];
}

function channelTools(app, channel) {
  if (app.store.isDirect(channel.id)) return [];
  const taken = app.store.takenIn(channel.id);
  const button = iconButton("shield", "What the bot may do here", () => askPermissions(app, channel));
  return [taken.length > 0 && el("span", { class: "badge warn", title: `Taken from the bot: ${taken.join(", ")}` }, "Bot restricted"),
    app.store.moderates && button];
}

/** A word in a small frame: locked, archived, a tag. */
export const badge = (word) => el("span", { class: "badge" }, word);
