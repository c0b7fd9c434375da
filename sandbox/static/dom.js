// Small helpers that build DOM nodes. Content only ever becomes text nodes or checked attributes.

const SVG = "http://www.w3.org/2000/svg";

/** Build an element: props are attributes, except on* listeners and `class`. Null values are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

/** A link that opens only http and https addresses; anything else stays plain text. */
export function link(href, ...children) {
  const safe = safeUrl(href);
  if (!safe) return el("span", {}, ...children);
  return el("a", { href: safe, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The address if it is http or https, else null. */
export function safeUrl(text) {
  try {
    const url = new URL(String(text));
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

const ICONS = {
  menu: "M3 6h18M3 12h18M3 18h18",
  close: "M5 5l14 14M19 5L5 19",
  back: "M15 4l-8 8 8 8",
  reply: "M10 5L4 11l6 6M4 11h10a6 6 0 0 1 6 6v2",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  thread: "M4 5h16v10H10l-4 4v-4H4z",
  theme: "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10z",
  link: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  direct: "M3 6h18v13H3zM4 7l8 7 8-7",
  forum: "M4 4h11v8H8l-4 3zM8 15h5l5 4v-4h2V8h-2",
  speaker: "M4 10v4h4l8 5V5l-8 5zM19 9a4 4 0 0 1 0 6",
  news: "M4 5h13v14H6a2 2 0 0 1-2-2zM17 9h3v8a2 2 0 0 1-2 2M7 9h7M7 12h7M7 15h4",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
  unlock: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 7-2",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
  apps: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16 13v7M13 16h7",
  pen: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  refresh: "M20 12a8 8 0 1 1-3-6M20 3v4h-4",
  hash: "M9 4L7 20M17 4l-2 16M4 9h17M3 15h17",
};

/** A line icon; it carries no name, so the control around it needs a label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon. */
export function iconButton(name, label, onclick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props },
    icon(name));
}

/** A round picture with the first letters of a name; the colour follows from the id. */
export function avatar(user, small = false) {
  const name = user?.global_name || user?.name || user?.username || "?";
  const letters = name.split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();
  const colour = [...String(user?.id ?? "")].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 6;
  return el("span", { class: `avatar tint-${colour}${small ? " small" : ""}`, "aria-hidden": "true" }, letters);
}
