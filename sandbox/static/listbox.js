// A popup list led by the keyboard from the field it belongs to.

import { el } from "./dom.js";

let count = 0;

export class Listbox {
  /** `owner` is the field that keeps the focus; `onPick` gets the chosen item. */
  constructor(owner, label, onPick) {
    count += 1;
    this.owner = owner;
    this.onPick = onPick;
    this.items = [];
    this.at = -1;
    this.node = el("div", { class: "listbox", role: "listbox", id: `list-${count}`, "aria-label": label, hidden: true });
    owner.setAttribute("aria-controls", this.node.id);
    owner.setAttribute("aria-autocomplete", "list");
  }

  get open() {
    return !this.node.hidden;
  }

  /** Show items of {label, detail, value, selected}; `empty` is said when there are none. */
  show(items, { first = true, empty = null, title = null } = {}) {
    this.items = items;
    this.rows = items.map((item, index) => this.row(item, index));
    const head = title && el("div", { class: "list-title", role: "presentation" }, title);
    const none = items.length === 0 && empty && el("div", { class: "list-empty", role: "presentation" }, empty);
    this.node.replaceChildren(...[head, ...this.rows, none].filter(Boolean));
    this.node.hidden = items.length === 0 && !none;
    this.expanded(this.open);
    this.move(first && items.length ? 0 : -1);
  }

  /** Only a combobox has this state; the message box is a text box with suggestions. */
  expanded(open) {
    if (this.owner.getAttribute("role") === "combobox") this.owner.setAttribute("aria-expanded", String(open));
  }

  row(item, index) {
    const node = el("div", { class: "list-row", role: "option", id: `${this.node.id}-${index}`, "aria-selected": "false" },
      el("span", { class: "list-label" }, item.label),
      item.detail && el("span", { class: "list-detail" }, item.detail));
    if (item.selected) node.classList.add("chosen");
    // Pressing must not take the focus from the field.
    node.addEventListener("pointerdown", (event) => event.preventDefault());
    node.addEventListener("pointermove", () => index !== this.at && this.move(index));
    node.addEventListener("click", () => this.pick(index));
    return node;
  }

  hide() {
    this.node.hidden = true;
    this.expanded(false);
    this.owner.removeAttribute("aria-activedescendant");
  }

  move(index) {
    this.rows?.[this.at]?.setAttribute("aria-selected", "false");
    this.at = index;
    const row = this.rows?.[index];
    if (!row) {
      this.owner.removeAttribute("aria-activedescendant");
      return;
    }
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.owner.setAttribute("aria-activedescendant", row.id);
  }

  pick(index) {
    const item = this.items[index];
    this.hide();
    this.onPick(item);
  }

  /** Use a key when the list is open; tells whether it did. */
  key(event) {
    if (!this.open || event.isComposing) return false;
    const length = this.items.length;
    if (event.key === "Escape") this.hide();
    else if (event.key === "ArrowDown" && length) this.move((this.at + 1) % length);
    else if (event.key === "ArrowUp" && length) this.move((this.at - 1 + length) % length);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && this.at >= 0) this.pick(this.at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
