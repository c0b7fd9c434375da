// Buttons, selects and the layout parts of a message.

import { el, icon, link } from "./dom.js";
import { attachment, picture } from "./embeds.js";
import { Listbox } from "./listbox.js";
import { markdown } from "./markdown.js";
import { nameOf } from "./store.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary", 6: "secondary" };

// Pixels: as tall as a list may be and must be, and its distance from the edge.
const LIST_HEIGHT = 260;
const LEAST_HEIGHT = 120;
const GAP = 8;

/** Draw the components of a message; `use(customId, values)` tells the bot. */
export function components(list, context, use) {
  return (list ?? []).map((part) => component(part, context, use)).filter(Boolean);
}

function component(part, context, use) {
  switch (part.type) {
    case 1: return el("div", { class: "action-row" }, components(part.components, context, use));
    case 2: return button(part, use);
    case 3: case 5: case 6: case 7: case 8: return select(part, context, (values) => use(part.custom_id, values));
    case 9: return el("div", { class: "section" },
      el("div", {}, components(part.components, context, use)), component(part.accessory, context, use));
    case 10: return el("div", { class: "text-display" }, markdown(part.content, context));
    case 11: return picture({ ...part.media, description: part.description }, "Thumbnail", "embed-thumbnail");
    case 12: return el("div", {}, (part.items ?? []).map((item) =>
      picture({ ...item.media, description: item.description }, "Image")));
    case 13: return attachment({ filename: part.name, url: part.file?.url, size: part.size });
    case 14: return el("hr");
    case 17: return container(part, context, use);
    default: return null;
  }
}

function container(part, context, use) {
  const node = el("div", { class: "embed container" }, el("div", {}, components(part.components, context, use)));
  if (Number.isInteger(part.accent_color)) {
    node.style.setProperty("--bar", `#${(part.accent_color & 0xffffff).toString(16).padStart(6, "0")}`);
  }
  return node;
}

function button(part, use) {
  const text = [part.emoji?.name, part.label].filter(Boolean).join(" ") || "Button";
  if (part.style === 5) {
    const node = link(part.url, text, icon("link"));
    node.className = "button secondary";
    return node;
  }
  return el("button", {
    type: "button", class: `button ${STYLES[part.style] ?? "secondary"}`, disabled: Boolean(part.disabled),
    onclick: () => use(part.custom_id, null),
  }, text);
}

function choices(part, context) {
  if (part.type === 3) return (part.options ?? []).map((o) => ({
    label: o.label, detail: o.description, value: o.value, selected: Boolean(o.default),
  }));
  const { store } = context;
  const users = [...store.users.values()].map((user) => ({ label: nameOf(user), detail: user.role, value: user.id }));
  const roles = [...store.roles.values()].map((role) => ({ label: role.name.startsWith("@") ? role.name : `@${role.name}`, value: role.id }));
  const channels = [...store.channels.values()].filter((c) => c.guild_id).filter((c) => !part.channel_types?.length || part.channel_types.includes(c.type))
    .map((c) => ({ label: `#${c.name}`, value: c.id }));
  const items = { 5: users, 6: roles, 7: [...users, ...roles], 8: channels }[part.type];
  const chosen = new Set((part.default_values ?? []).map((one) => String(one.id)));
  return items.map((item) => ({ ...item, selected: chosen.has(item.value) }));
}

/** A select; `onValues` gets the chosen values when the choice is made. */
export function select(part, context, onValues) {
  const items = choices(part, context);
  const most = part.max_values ?? 1;
  const text = el("span", {});
  const opener = el("button", {
    type: "button", class: "select", role: "combobox", "aria-haspopup": "listbox", "aria-expanded": "false",
    disabled: Boolean(part.disabled), "aria-label": part.placeholder || "Make a selection",
  }, text, el("span", { "aria-hidden": "true" }, "▾"));
  const chosen = () => items.filter((item) => item.selected);
  const label = () => {
    text.textContent = chosen().map((item) => item.label).join(", ") || part.placeholder || "Make a selection";
  };
  const open = () => {
    const room = roomFor(opener);
    box.classList.toggle("up", room.up);
    list.node.style.maxHeight = `${room.height}px`;
    list.show(items, { empty: "Nothing to choose", title: most > 1 ? `Choose up to ${most}, then click elsewhere` : null });
  };
  const done = () => onValues(chosen().map((item) => item.value));
  const list = new Listbox(opener, part.placeholder || "Choices", (item) => {
    if (most > 1) {
      if (item.selected || chosen().length < most) item.selected = !item.selected;
      const at = items.indexOf(item);
      open();
      list.move(at);
    } else {
      for (const other of items) other.selected = other === item;
      done();
    }
    label();
  });
  const close = () => {
    const wasOpen = list.open;
    list.hide();
    if (wasOpen && most > 1 && chosen().length >= (part.min_values ?? 1)) done();
  };
  opener.addEventListener("click", () => (list.open ? close() : open()));
  opener.addEventListener("blur", close);
  opener.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && list.open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else list.key(event);
  });
  label();
  const box = el("div", { class: "select-box" }, opener, list.node);
  return box;
}

/** Where a list fits best: below its opener, or above where the log or dialog ends too soon. */
function roomFor(opener) {
  const own = opener.getBoundingClientRect();
  const frame = (opener.closest(".log, .dialog") ?? document.documentElement).getBoundingClientRect();
  const [above, below] = [own.top - frame.top, frame.bottom - own.bottom];
  const up = below < LIST_HEIGHT + GAP && above > below;
  return { up, height: Math.max(LEAST_HEIGHT, Math.min(LIST_HEIGHT, (up ? above : below) - GAP)) };
}
