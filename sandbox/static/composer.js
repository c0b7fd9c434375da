// The message box: plain text, replies, mentions, and the way into slash commands.

import { CommandForm } from "./command-form.js";
import { flatten, matching, offered } from "./commands.js";
import { el, icon, iconButton } from "./dom.js";
import { Listbox } from "./listbox.js";
import { nameOf } from "./store.js";

const MENTION = /(^|\s)@([^\s@]*)$/;

export class Composer {
  constructor(pane) {
    Object.assign(this, { pane, app: pane.app, store: pane.store, channelId: pane.channelId, reply: null, form: null });
    const channel = this.store.channels.get(this.channelId);
    const sign = this.store.isThread(this.channelId) ? "" : this.store.isDirect(this.channelId) ? "@" : "#";
    const label = `Message ${sign}${channel?.name ?? ""}`;
    this.input = el("textarea", { rows: 1, "aria-label": label, placeholder: label, maxlength: 2000, autocomplete: "off" });
    this.list = new Listbox(this.input, "Suggestions", (item) => item.use());
    this.replyBar = el("div", { class: "reply-bar", hidden: true });
    this.error = el("p", { class: "form-error", role: "alert", hidden: true });
    this.send = el("button", { type: "submit", class: "button primary send" }, "Send");
    this.text = el("form", { class: "text-form" }, this.list.node, el("div", { class: "text-row" }, this.input, this.send));
    this.node = el("div", { class: "composer" }, this.replyBar, this.error, this.text);
    this.text.addEventListener("submit", (event) => {
      event.preventDefault();
      this.say();
    });
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("blur", () => this.list.hide());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.isComposing || this.list.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.say();
    } else if (event.key === "Escape" && this.reply) this.replyTo(null);
  }

  typed() {
    this.fail(null);
    this.grow();
    const value = this.input.value;
    if (/^\/[^\n]*$/.test(value)) this.offerCommands(value.slice(1));
    else this.offerPeople(value.slice(0, this.input.selectionStart));
  }

  /** Let the box be as tall as its text; the style sheet sets the most. */
  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  entries() {
    return flatten(offered(this.store, this.channelId));
  }

  /** Begin a command by its full name; a name that is none here is typed, so that the list tells what there is. */
  command(name) {
    const entry = this.entries().find((one) => one.name === name);
    if (entry) {
      this.begin(entry);
      return;
    }
    this.plain();
    this.input.value = `/${name}`;
    this.typed();
  }

  offerCommands(typed, known = false) {
    const entries = matching(this.entries(), typed);
    const empty = this.store.commands.length ? "No command fits what you typed" : "The bot has registered no commands yet. Is it running?";
    this.list.show(entries.map((entry) => ({
      label: `/${entry.name}`, detail: entry.description, use: () => this.begin(entry),
    })), { empty, title: "Commands" });
    // Commands may have been registered since the page was opened.
    if (typed === "" && !known) this.app.refresh().then(() => this.input.value === "/" && this.offerCommands("", true));
  }

  offerPeople(before) {
    const match = MENTION.exec(before);
    const typed = match?.[2].toLowerCase();
    const users = match ? [...this.store.users.values()].filter((user) => nameOf(user).toLowerCase().startsWith(typed)) : [];
    const start = match ? before.length - match[2].length : 0;
    this.list.show(users.map((user) => ({
      label: `@${nameOf(user)}`, detail: user.role, use: () => {
        const name = `${nameOf(user)} `;
        this.input.setRangeText(name, start, this.input.selectionStart, "end");
        this.input.focus();
      },
    })), { title: "People" });
  }

  begin(entry) {
    this.form?.node.remove();
    this.form = new CommandForm(this, entry);
    this.text.hidden = true;
    this.replyTo(null);
    this.node.append(this.form.node);
    this.form.focus();
  }

  /** Leave the command and go back to plain text. */
  plain() {
    this.form?.node.remove();
    this.form = null;
    this.text.hidden = false;
    this.input.value = "";
    this.grow();
    this.input.focus();
  }

  run(entry, options) {
    this.plain();
    this.pane.bottom();
    this.app.command(this.channelId, entry, options);
  }

  replyTo(message) {
    this.reply = message;
    this.replyBar.hidden = !message;
    if (!message) return;
    if (this.form) this.plain();
    this.replyBar.replaceChildren(icon("reply"), el("span", {}, "Replying to ", el("b", {}, nameOf(message.author))),
      iconButton("close", "Stop replying", () => {
        this.replyTo(null);
        this.input.focus();
      }));
    this.input.focus();
  }

  fail(text) {
    this.error.hidden = !text;
    this.error.textContent = text ?? "";
  }

  async say() {
    const typed = this.input.value.trim();
    if (!typed) return;
    const reply = this.reply;
    this.input.value = "";
    this.grow();
    this.replyTo(null);
    this.pane.bottom();
    try {
      await this.app.say(this.channelId, withMentions(typed, this.store), reply?.id ?? null);
    } catch (problem) {
      // What was written must not be lost with the failure.
      this.input.value ||= typed;
      this.grow();
      this.fail(problem.message);
    }
  }
}

/** Turn @Name into the mention Discord stores, longest names first. */
export function withMentions(text, store) {
  const users = [...store.users.values()].sort((a, b) => nameOf(b).length - nameOf(a).length);
  return users.reduce((done, user) => {
    const name = nameOf(user).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return done.replace(new RegExp(`(^|[^\\w<])@${name}(?!\\w)`, "gi"), `$1<@${user.id}>`);
  }, text);
}
