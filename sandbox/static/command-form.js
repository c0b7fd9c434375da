// The entry of a chosen slash command: required options at once, the others when asked for.

import { el } from "./dom.js";
import { Field } from "./field.js";

export class CommandForm {
  /** `composer` is the message box this form stands in for while a command is entered. */
  constructor(composer, entry) {
    Object.assign(this, { composer, entry, store: composer.store, fields: [] });
    this.help = el("p", { class: "command-help", "aria-live": "polite" });
    this.row = el("div", { class: "command-fields" });
    this.more = el("div", { class: "command-more" });
    this.lists = el("div", {});
    this.send = el("button", { type: "submit", class: "button primary" }, "Run");
    const cancel = el("button", { type: "button", class: "button secondary", onclick: () => this.cancel() }, "Cancel");
    this.node = el("form", { class: "command-form", "aria-label": `Command /${entry.name}` }, this.lists, this.help,
      el("div", { class: "command-line" }, el("b", { class: "command-name" }, `/${entry.name}`), this.row, this.more,
        el("span", { class: "command-buttons" }, cancel, this.send)));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.cancel();
    });
    for (const option of entry.options.filter((one) => one.required)) this.add(option);
    this.offer();
    this.hint(null);
  }

  focus() {
    (this.fields[0]?.input ?? this.send).focus();
  }

  add(option) {
    const field = new Field(this, option);
    this.fields.push(field);
    this.row.append(field.node);
    this.lists.append(field.list.node);
    return field;
  }

  /** Offer the options that are not there yet. */
  offer() {
    const left = this.entry.options.filter((option) => !this.fields.some((field) => field.option === option));
    this.more.replaceChildren(...left.map((option) => {
      const describe = () => this.hint(option);
      return el("button", {
        type: "button", class: "option-add", title: option.description, onfocus: describe, onpointerenter: describe,
        "aria-label": `Add option ${option.name}`, onclick: () => {
          const field = this.add(option);
          this.offer();
          field.input.focus();
        },
      }, `+ ${option.name}`);
    }));
  }

  hint(option) {
    this.help.classList.remove("wrong");
    const text = option ? `${option.name}${option.required ? " (required)" : ""}: ${option.description ?? ""}` : this.entry.description;
    this.help.replaceChildren(text, el("span", { class: "keys" }, " Enter runs · Esc cancels"));
  }

  wrong(text, field) {
    field?.input.focus();
    this.help.classList.add("wrong");
    this.help.replaceChildren(text);
  }

  /** After a choice, go to the next field that is still empty. */
  next(field) {
    const empty = this.fields.find((one) => one !== field && one.option.required && !one.text);
    // With nothing left to fill in the focus stays, so that Enter runs the command.
    empty?.input.focus();
  }

  drop(field) {
    if (field.option.required || !this.fields.includes(field)) {
      if (this.fields.every((one) => !one.text)) this.cancel();
      return;
    }
    this.fields = this.fields.filter((one) => one !== field);
    field.node.remove();
    field.list.node.remove();
    this.offer();
    this.focus();
  }

  where() {
    return { user_id: this.store.actorId, channel_id: this.composer.channelId, name: this.entry.name };
  }

  /** The values that can be read now, for the bot to suggest by. */
  values() {
    const values = {};
    for (const field of this.fields) {
      try {
        const value = field.read();
        if (value !== undefined) values[field.option.name] = value;
      } catch {
        // A half-typed value is no reason to withhold suggestions for another field.
      }
    }
    return values;
  }

  run() {
    const options = {};
    for (const field of this.fields) {
      try {
        const value = field.read();
        if (value === undefined && field.option.required) throw new Error(`${field.option.name} is required`);
        if (value !== undefined) options[field.option.name] = value;
      } catch (problem) {
        this.wrong(problem.message, field);
        return;
      }
    }
    this.composer.run(this.entry, options);
  }

  cancel() {
    this.composer.plain();
  }
}
