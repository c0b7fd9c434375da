// A small menu that opens from a button and closes by itself.

import { el } from "./dom.js";

/** Open a menu of {label, use} at a button; `title` says what they are. */
export function openMenu(button, title, items) {
  const close = (back) => {
    node.remove();
    button.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", outside, true);
    if (back) button.focus();
  };
  const outside = (event) => node.contains(event.target) || close(false);
  const rows = items.map((item) => el("button", {
    type: "button", role: "menuitem", class: "menu-row", tabindex: "-1", onclick: () => {
      close(true);
      item.use();
    },
  }, item.label));
  const node = el("div", { class: "menu-box", role: "menu", "aria-label": title }, el("div", { class: "list-title", role: "presentation" }, title), rows);
  node.addEventListener("keydown", (event) => {
    const at = rows.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) rows.at(to % rows.length)?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focusout", (event) => event.relatedTarget && !node.contains(event.relatedTarget) && close(false));
  document.body.append(node);
  place(node, button.getBoundingClientRect());
  button.setAttribute("aria-expanded", "true");
  addEventListener("pointerdown", outside, true);
  rows[0]?.focus();
}

/** Stand below the button where there is room, else above it, and always inside the window. */
function place(node, at) {
  const { offsetWidth: width, offsetHeight: height } = node;
  const top = at.bottom + height + 8 > innerHeight ? Math.max(8, at.top - height - 4) : at.bottom + 4;
  node.style.top = `${top}px`;
  node.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
}
