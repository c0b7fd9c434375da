// One option of a slash command: a field, its hint, and its popup of choices.

import * as api from "./api.js";
import { fixedChoices, valueOf } from "./commands.js";
import { el } from "./dom.js";
import { Listbox } from "./listbox.js";

const PAUSE = 150;

export class Field {
  /** `form` knows the command, the channel and the other fields. */
  constructor(form, option) {
    Object.assign(this, { form, option, value: undefined, asked: 0 });
    this.input = el("input", {
      type: "text", role: "combobox", "aria-expanded": "false", autocomplete: "off", spellcheck: "false",
      "aria-label": option.name, "aria-required": Boolean(option.required), "aria-description": option.description,
    });
    this.fixed = fixedChoices(option, form.store);
    this.list = new Listbox(this.input, `Choices for ${option.name}`, (item) => this.pick(item));
    this.node = el("label", { class: "option" }, el("span", { class: "option-name" }, option.name), this.input);
    this.input.addEventListener("focus", () => this.focused());
    this.input.addEventListener("blur", () => this.list.hide());
    this.input.addEventListener("input", () => {
      this.value = undefined;
      this.suggest(PAUSE);
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  get text() {
    return this.input.value.trim();
  }

  /** The value to send; undefined when the field is empty. */
  read() {
    if (this.value !== undefined) return this.value;
    if (!this.text) return undefined;
    const known = this.fixed?.find((item) => item.label.toLowerCase() === this.text.toLowerCase());
    if (known) return known.value;
    if (this.fixed) throw new Error(`${this.option.name}: choose one of the list`);
    return valueOf(this.option, this.text);
  }

  focused() {
    this.form.hint(this.option);
    this.suggest(0);
  }

  suggest(pause) {
    clearTimeout(this.timer);
    if (this.fixed) {
      const typed = this.value === undefined ? this.text.toLowerCase() : "";
      const items = this.fixed.filter((item) => item.label.toLowerCase().includes(typed)).slice(0, 25);
      this.list.show(items, { empty: "No choice fits what you typed" });
    } else if (this.option.autocomplete) {
      this.timer = setTimeout(() => this.ask(), pause);
    }
  }

  /** Ask the bot for suggestions; an answer that was overtaken by more typing is dropped. */
  async ask() {
    this.asked += 1;
    const mine = this.asked;
    const current = () => mine === this.asked && document.activeElement === this.input;
    try {
      const options = { ...this.form.values(), [this.option.name]: this.input.value };
      const choices = await api.autocomplete({ ...this.form.where(), options, focused: this.option.name });
      const items = choices.map((choice) => ({ label: choice.name, value: choice.value }));
      if (current()) this.list.show(items, { empty: "No suggestions", first: this.text !== "" || Boolean(this.option.required) });
    } catch (problem) {
      if (current()) this.list.show([], { empty: `Suggestions failed: ${problem.message}` });
    }
  }

  pick(item) {
    this.asked += 1;
    this.value = item.value;
    this.input.value = item.label;
    this.form.next(this);
  }

  key(event) {
    if (event.isComposing || this.list.key(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.form.run();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.form.cancel();
    } else if (event.key === "Backspace" && this.input.value === "") {
      event.preventDefault();
      this.form.drop(this);
    }
  }
}
