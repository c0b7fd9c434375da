// One message as Discord draws it.

import { components } from "./components.js";
import { offered, onMessages } from "./commands.js";
import { avatar, el, icon, iconButton } from "./dom.js";
import { attachment, embed, reaction } from "./embeds.js";
import { markdown } from "./markdown.js";
import { openMenu } from "./menu.js";
import { marksOf, nameOf } from "./store.js";
import { format, stamp, timeNode } from "./time.js";

const PUBLISHED = 1;
const EPHEMERAL = 64;
const NO_EMBEDS = 4;
const LOADING = 128;
const GROUP_MS = 7 * 60 * 1000;
const SNIPPET = 120;

/** Whether a message continues the one before it, so its author need not be named again. */
export function continues(message, before) {
  if (!before || before.author?.id !== message.author?.id || message.note || before.note) return false;
  if (message.message_reference || usedCommand(message) || message.private || before.private) return false;
  if (![0, 20].includes(message.type ?? 0) || ![0, 19, 20].includes(before.type ?? 0)) return false;
  return new Date(message.timestamp) - new Date(before.timestamp) < GROUP_MS;
}

const days = new WeakMap();

/** The day a message belongs to, for the lines between days. */
export function dayOf(message) {
  if (!days.has(message)) days.set(message, format(new Date(message.timestamp), "D"));
  return days.get(message);
}

/** Draw a message; `view` is the pane with what it knows and can do. */
export function messageNode(message, grouped, view) {
  const id = `${view.prefix}-${message.id}`;
  const system = message.note ? note(message, view) : systemLine(message, view);
  const body = system ?? [
    reference(message, view),
    commandLine(message, view),
    el("div", { class: "message-row" },
      grouped ? timeNode(new Date(message.timestamp), "t", "side-time") : avatar(message.author),
      el("div", { class: "message-body" }, !grouped && heading(message, view), content(message, view),
        privateLine(message, view))),
  ];
  const mentioned = view.store.actorId && String(message.content ?? "").includes(`<@${view.store.actorId}>`);
  const classes = ["message", grouped && "grouped", mentioned && "mentioned", message.private && "private"];
  return el("li", { id, class: classes.filter(Boolean).join(" "), tabindex: "-1", "data-message": message.id },
    body, threadLine(message, view), !message.private && actions(message, view));
}

function heading(message, view) {
  const user = view.store.users.get(String(message.author?.id));
  const bot = message.author?.bot || user?.bot;
  const date = new Date(message.timestamp);
  return el("h3", { class: "message-head" },
    el("span", { class: "author" }, nameOf(message.author ?? user)),
    bot && el("span", { class: "app-badge" }, "APP"),
    el("time", { datetime: message.timestamp, title: format(date, "F") }, stamp(date)),
    Boolean(message.flags & PUBLISHED) && el("span", { class: "badge" }, "Published"));
}

function content(message, view) {
  const edited = message.edited_timestamp && el("span", {
    class: "edited", title: `Edited ${format(new Date(message.edited_timestamp), "F")}`,
  }, "(edited)");
  const embeds = message.flags & NO_EMBEDS ? [] : message.embeds ?? [];
  const loading = Boolean(message.flags & LOADING) && !message.content;
  return [
    loading && el("div", { class: "content" }, el("i", {}, `${nameOf(message.author)} is thinking…`)),
    (message.content || edited) && el("div", { class: "content" }, markdown(message.content, view.context), edited && [" ", edited]),
    (message.attachments ?? []).map(attachment),
    embeds.map((data) => embed(data, view.context)),
    components(message.components, view.context, (id, values) => view.use(message, id, values)),
    Boolean(message.reactions?.length) && el("div", { class: "reactions" }, message.reactions.map(reaction)),
  ];
}

function usedCommand(message) {
  const used = message.interaction_metadata ?? message.interaction;
  return message.command ?? (used?.type === 2 || used?.name ? used : null);
}

function commandLine(message, view) {
  const used = usedCommand(message);
  if (!used) return null;
  const user = view.store.users.get(String(used.user?.id)) ?? used.user;
  const name = used.name ?? message.command_name ?? view.store.commandOf.get(String(message.id));
  return el("div", { class: "reference" }, avatar(user, true), el("b", {}, nameOf(user)), " used ",
    el("span", { class: "command-name" }, name ?? "a command"));
}

function reference(message, view) {
  const parentId = message.message_reference?.message_id;
  if (!parentId || ![0, 19].includes(message.type ?? 0)) return null;
  const parent = view.find(parentId) ?? (view.gone(message) ? null : message.referenced_message);
  if (!parent) return el("div", { class: "reference lost" }, icon("reply"), el("i", {}, "Original message was deleted"));
  const button = el("button", { type: "button", class: "reference-link", onclick: () => view.jump(parentId) },
    el("span", { class: "visually-hidden" }, "In reply to "),
    avatar(parent.author, true), el("b", {}, nameOf(parent.author)), el("span", { class: "snippet" }, snippet(parent, view)));
  return el("div", { class: "reference" }, button);
}

/** The start of a message on one line, without buttons in it. */
export function snippet(message, view, most = SNIPPET) {
  const [first] = message.embeds ?? [];
  const text = message.content || first?.title || first?.description || first?.author?.name;
  if (!text) return el("i", {}, "Click to see attachment");
  // The Markdown is drawn and only its words are kept, as a link cannot stand inside the button.
  const drawn = el("span", {}, markdown([...text].slice(0, most * 2).join(""), view.context));
  for (const hidden of drawn.querySelectorAll(".spoiler")) hidden.replaceWith("▮▮▮");
  for (const block of drawn.querySelectorAll("blockquote, div, li, pre, small")) {
    block.before(" ");
    block.after(" ");
  }
  const words = [...drawn.textContent.replace(/\s+/g, " ").trim()];
  return words.length > most ? `${words.slice(0, most).join("").trimEnd()}…` : words.join("");
}

function threadLine(message, view) {
  const thread = view.store.channels.get(String(message.id)) ?? message.thread;
  if (!thread || message.note || view.store.isThread(view.channelId)) return null;
  const count = thread.message_count ?? 0;
  return el("button", {
    type: "button", class: "thread-link", "data-thread": thread.id, onclick: () => view.openThread(String(thread.id)),
  }, icon("thread"), el("b", {}, thread.name), el("span", { class: "thread-count" }, counted(count)),
  marksOf(thread).map((word) => el("span", { class: "badge" }, word)),
  view.store.unread.has(String(thread.id)) && el("span", { class: "new" }, "new"));
}

/** "1 message", "7 messages". */
export const counted = (count) => `${count} ${count === 1 ? "message" : "messages"}`;

function systemLine(message, view) {
  if (message.type === 18) {
    const open = () => view.openThread(String(message.message_reference?.channel_id ?? message.thread?.id));
    return el("div", { class: "system" }, icon("thread"), el("b", {}, nameOf(message.author)), " started a thread: ",
      el("button", { type: "button", class: "text-button", onclick: open }, message.content));
  }
  if (message.type === 6) return el("div", { class: "system" }, el("b", {}, nameOf(message.author)), " pinned a message.");
  if (message.type === 7) return el("div", { class: "system" }, el("b", {}, nameOf(message.author)), " joined the server.");
  if (message.type === 21) return message.referenced_message ? null : el("div", { class: "system" }, "The first message of this thread was deleted.");
  return null;
}

function note(message, view) {
  return el("div", { class: `note ${message.note}`, role: message.note === "failed" ? "alert" : null },
    message.command && commandLine(message, view),
    el("span", {}, message.content), message.note === "failed" && dismiss(message, view));
}

function privateLine(message, view) {
  const ephemeral = message.private || Boolean(message.flags & EPHEMERAL);
  return ephemeral && el("div", { class: "only-you" }, "Only you can see this · ", dismiss(message, view));
}

function dismiss(message, view) {
  return el("button", { type: "button", class: "text-button", onclick: () => view.dismiss(message) }, "Dismiss message");
}

function actions(message, view) {
  return el("div", { class: "actions", role: "group", "aria-label": "Message actions" },
    iconButton("reply", "Reply", () => view.reply(message)),
    onMessages(offered(view.store, view.channelId)).length > 0 && apps(message, view),
    view.store.moderates && !view.store.isDirect(view.channelId) && iconButton("trash", "Delete message", () => view.remove(message), { class: "icon-button danger" }));
}

/** The commands that the bot offers on a message. */
function apps(message, view) {
  const items = onMessages(offered(view.store, view.channelId)).map((command) => ({ label: command.name, use: () => view.menu(message, command.name) }));
  const button = iconButton("apps", "Apps", () => openMenu(button, "Apps", items), { "aria-haspopup": "menu", "aria-expanded": "false" });
  return button;
}
