// Discord's Markdown: blocks here, what stands inside a line in inline.js.

import { el } from "./dom.js";
import { codeBlockAt, inline } from "./inline.js";

const HEADING = /^(#{1,3}) +([^\n]+?)(?:\n|$)/;
const SUBTEXT = /^-# +([^\n]+?)(?:\n|$)/;
const LONG_QUOTE = /^ *>>> ([\s\S]*)$/;
const QUOTE = /^(?: *> ?[^\n]*(?:\n|$))+/;
const QUOTE_START = /^ *> /;
const LIST = /^(?: *(?:[-*]|\d{1,9}\.) +[^\n]+(?:\n|$))+/;
const ITEM = /^( *)([-*]|\d{1,9}\.) +(.+)$/;

/** Turn the Markdown of a message or an embed text into nodes. */
export function markdown(text, context) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(String(text ?? ""), context, false));
  return fragment;
}

/** Turn the Markdown of one line, as in an embed title, into nodes. */
export function lineMarkdown(text, context) {
  const fragment = document.createDocumentFragment();
  fragment.append(...inline(String(text ?? ""), context));
  return fragment;
}

function blocks(text, context, quoted) {
  const nodes = [];
  let plain = "";
  let rest = text;
  const flush = () => {
    if (plain) nodes.push(...inline(plain, context));
    plain = "";
  };
  while (rest) {
    const found = block(rest, context, quoted);
    if (found) {
      // The line break before a block is the block's own edge.
      plain = plain.replace(/\n$/, "");
      flush();
      nodes.push(found.node);
      rest = rest.slice(found.length);
    } else {
      const length = lineLength(rest);
      plain += rest.slice(0, length);
      rest = rest.slice(length);
    }
  }
  flush();
  return nodes;
}

function block(text, context, quoted) {
  if (!quoted) {
    const found = quote(text, context);
    if (found) return found;
  }
  let match = HEADING.exec(text);
  if (match) {
    const level = match[1].length;
    // Headings of content lie below those of the page, so the outline of the page stays whole.
    const props = { class: `md-h${level}`, role: "heading", "aria-level": level + 3 };
    return { node: el("div", props, inline(match[2], context)), length: match[0].length };
  }
  match = SUBTEXT.exec(text);
  if (match) return { node: el("small", { class: "subtext" }, inline(match[1], context)), length: match[0].length };
  match = LIST.exec(text);
  if (!match) return null;
  const items = sameKind(match[0]);
  return { node: list(items, context), length: items.length };
}

function quote(text, context) {
  const long = LONG_QUOTE.exec(text);
  if (long) return { node: el("blockquote", {}, blocks(long[1], context, true)), length: text.length };
  if (!QUOTE_START.test(text)) return null;
  const match = QUOTE.exec(text);
  const inner = match[0].replace(/\n$/, "").replace(/^ *> ?/gm, "");
  return { node: el("blockquote", {}, blocks(inner, context, true)), length: match[0].length };
}

/** The lines up to where a list of the other kind begins at the edge. */
function sameKind(text) {
  const numbered = /^\d/.test(text.trimStart());
  const lines = text.split(/(?<=\n)/);
  const other = lines.findIndex((line) => /^\S/.test(line) && /^\d/.test(line) !== numbered);
  return other > 0 ? lines.slice(0, other).join("") : text;
}

function list(text, context) {
  const items = text.replace(/\n$/, "").split("\n").map((line) => ITEM.exec(line));
  const root = { node: null, indent: -1 };
  const stack = [root];
  let first = null;
  for (const [, indent, mark, content] of items) {
    while (stack.length > 1 && indent.length < stack.at(-1).indent) stack.pop();
    let top = stack.at(-1);
    if (indent.length > top.indent && stack.length < 12) {
      const node = /\d/.test(mark) ? el("ol", { start: parseInt(mark, 10) }) : el("ul");
      (top.node?.lastElementChild ?? top.node)?.append(node);
      first ??= node;
      top = { node, indent: indent.length };
      stack.push(top);
    }
    top.node.append(el("li", {}, inline(content, context)));
  }
  return first;
}

/** How far the plain line at the start goes; a code block that begins in it belongs to it whole. */
function lineLength(text) {
  const end = text.indexOf("\n");
  const line = end < 0 ? text : text.slice(0, end + 1);
  for (let at = line.indexOf("```"); at >= 0; at = line.indexOf("```", at + 3)) {
    if (at > 0 && line[at - 1] === "\\") continue;
    const code = codeBlockAt(text.slice(at));
    if (!code) continue;
    const after = at + code.length;
    return text[after] === "\n" ? after + 1 : after;
  }
  return line.length;
}
