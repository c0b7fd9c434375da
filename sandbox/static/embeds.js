// Embeds, attachments and reactions. Images from elsewhere are never loaded; a labelled box stands for them.

import { el, icon, link, safeUrl } from "./dom.js";
import { lineMarkdown, markdown } from "./markdown.js";
import { stamp } from "./time.js";

/** Draw one embed. */
export function embed(data, context) {
  const fields = data.fields ?? [];
  const node = el("article", { class: "embed", "aria-label": "Embed" },
    el("div", { class: "embed-body" },
      data.provider?.name && el("div", { class: "embed-provider" }, data.provider.name),
      data.author?.name && el("div", { class: "embed-author" }, maybeLink(data.author.url, data.author.name)),
      data.title && el("div", { class: "embed-title" }, maybeLink(data.url, lineMarkdown(data.title, context))),
      data.description && el("div", { class: "embed-description" }, markdown(data.description, context)),
      fields.length > 0 && el("div", { class: "embed-fields" }, fieldNodes(fields, context)),
      data.image?.url && picture(data.image, "Image"),
      data.video?.url && picture(data.video, "Video"),
      footer(data)),
    data.thumbnail?.url && picture(data.thumbnail, "Thumbnail", "embed-thumbnail"));
  if (Number.isInteger(data.color)) node.style.setProperty("--bar", `#${(data.color & 0xffffff).toString(16).padStart(6, "0")}`);
  return node;
}

function maybeLink(href, content) {
  return safeUrl(href) ? link(href, content) : el("span", {}, content);
}

function fieldNodes(fields, context) {
  return fields.map((field, index) => el("div", { class: `embed-field span-${span(fields, index)}` },
    el("div", { class: "embed-field-name" }, lineMarkdown(field.name, context)),
    el("div", { class: "embed-field-value" }, markdown(field.value, context))));
}

/** How many of twelve columns a field takes: neighbours that are inline share a row, three at most. */
function span(fields, index) {
  if (!fields[index].inline) return 12;
  let start = index;
  while (start > 0 && fields[start - 1].inline) start -= 1;
  let end = index;
  while (end + 1 < fields.length && fields[end + 1].inline) end += 1;
  const row = Math.floor((index - start) / 3);
  return 12 / Math.min(3, end - start + 1 - row * 3);
}

function footer(data) {
  const date = data.timestamp ? new Date(data.timestamp) : null;
  const parts = [data.footer?.text, date && !Number.isNaN(date.getTime()) && stamp(date)].filter(Boolean);
  return parts.length > 0 && el("div", { class: "embed-footer" }, parts.join(" • "));
}

/** A box in place of an image, with a link to where it lies. */
export function picture(media, kind, cls = "") {
  const label = media.description || media.filename || host(media.url);
  return el("div", { class: `picture ${cls}` }, icon("image"),
    el("span", {}, link(media.url, `${kind}: ${label}`)));
}

function host(url) {
  try {
    return new URL(url).hostname || "attached file";
  } catch {
    return "attached file";
  }
}

/** Draw one attachment as its name and size. */
export function attachment(file) {
  const size = file.size >= 1024 ? `${Math.round(file.size / 1024)} KB` : `${file.size ?? 0} bytes`;
  return el("div", { class: "attachment" }, icon("link"), link(file.url, file.filename ?? "file"), el("small", {}, size));
}

/** Draw one reaction and how many gave it. */
export function reaction(data) {
  return el("span", { class: "reaction" }, `${data.emoji?.name ?? "?"} ${data.count ?? 1}`);
}
