// What stands inside a line of Discord's Markdown.

import { el, link, safeUrl } from "./dom.js";
import { timeNode } from "./time.js";

const CODE_BLOCK = /^```(?:([a-z0-9_+\-.#]+)\n)?\n*([^\n][\s\S]*?)\n*```/i;
const MAX_DEPTH = 12;

// The line break after a block is the block's own edge.
const CODE_FENCE = new RegExp(`${CODE_BLOCK.source}\\n?`, "i");

/** The code block a text starts with, as {length, language, code}, or null. */
export function codeBlockAt(text) {
  const match = CODE_BLOCK.exec(text);
  return match ? { length: match[0].length, language: match[1], code: match[2] } : null;
}

// Each rule: the characters it may begin with, the pattern, and the node it makes.
const RULES = [
  ["\\", /^\\([^0-9A-Za-z\s])/, (m) => document.createTextNode(m[1])],
  ["`", CODE_FENCE, (m) => el("pre", {}, el("code", { "data-language": m[1] }, m[2]))],
  ["`", /^(`+)([\s\S]*?[^`])\1(?!`)/, (m) => el("code", { class: "inline" }, trimmed(m[2]))],
  ["<", /^<(https?:\/\/[^\s<>]+)>/i, (m) => link(m[1], m[1])],
  ["<", /^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (m) => timeNode(new Date(Number(m[1]) * 1000), m[2])],
  ["<", /^<@!?(\d+)>/, (m, c) => c.mentionUser(m[1])],
  ["<", /^<@&(\d+)>/, (m, c) => c.mentionRole?.(m[1]) ?? el("span", { class: "mention" }, "@role")],
  ["<", /^<#(\d+)>/, (m, c) => c.mentionChannel(m[1])],
  ["<", /^<a?:(\w{2,32}):\d+>/, (m) => el("span", { class: "emoji" }, `:${m[1]}:`)],
  ["<", /^<\/([-\w ]{1,100}):\d+>/, (m, c) => c.mentionCommand?.(m[1]) ?? el("span", { class: "mention" }, `/${m[1]}`)],
  ["@", /^@(?:everyone|here)\b/, (m) => el("span", { class: "mention" }, m[0])],
  ["hH", /^https?:\/\/[^\s<]+[^<.,:;"'\]\s*_|~]/i, (m) => bareLink(m)],
  ["[", /^\[((?:\\.|[^[\]\\\n]|\[[^[\]\n]*\])+)\]\(\s*<?((?:[^\s()<>]|\([^\s()]*\))+)>?(?:\s+"[^"\n]*")?\s*\)/,
    (m, c, d) => maskedLink(m, c, d)],
  ["*", /^\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)/, (m, c, d) => el("strong", {}, inline(m[1], c, d))],
  ["_", /^__((?:\\[\s\S]|[^\\])+?)__(?!_)/, (m, c, d) => el("u", {}, inline(m[1], c, d))],
  ["*", /^\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)/,
    (m, c, d) => el("em", {}, inline(m[1], c, d))],
  ["_", /^_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)/, (m, c, d) => el("em", {}, inline(m[1], c, d))],
  ["~", /^~~([\s\S]+?)~~/, (m, c, d) => el("s", {}, inline(m[1], c, d))],
  ["|", /^\|\|([\s\S]+?)\|\|/, (m, c, d) => spoiler(inline(m[1], c, d))],
];
const STARTS = new Set(RULES.flatMap(([starts]) => [...starts]));

/** Turn the Markdown inside a line into nodes. */
export function inline(text, context, depth = 0) {
  if (depth > MAX_DEPTH) return [document.createTextNode(text)];
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = STARTS.has(text[at]) ? ruleAt(text, at, context, depth) : null;
    if (!found) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) nodes.push(document.createTextNode(plain));
    plain = "";
    nodes.push(found.node);
    at += found.length;
  }
  if (plain) nodes.push(document.createTextNode(plain));
  return nodes;
}

function ruleAt(text, at, context, depth) {
  const rest = text.slice(at);
  // snake_case and addresses in words are not emphasis or links.
  const inWord = at > 0 && /\w/.test(text[at - 1]);
  for (const [starts, pattern, make] of RULES) {
    if (!starts.includes(text[at]) || (inWord && "_hH".includes(text[at]) && !rest.startsWith("__"))) continue;
    const match = pattern.exec(rest);
    const node = match ? make(match, context, depth + 1) : null;
    if (node) return { node, length: match[0].length };
  }
  return null;
}

function trimmed(code) {
  return /^ *`|` *$/.test(code) ? code.trim() : code;
}

/** An address in running text; a closing bracket that opens nowhere in it belongs to the sentence. */
function bareLink(match) {
  let address = match[0];
  while (address.endsWith(")") && address.split(")").length > address.split("(").length) address = address.slice(0, -1);
  match[0] = address;
  return link(address, address);
}

/** A masked link; one whose label poses as an address, or that is not http, stays as it was written. */
function maskedLink(match, context, depth) {
  if (!safeUrl(match[2]) || /https?:\/\//i.test(match[1])) return null;
  const node = link(match[2], inline(match[1], context, depth));
  node.title = safeUrl(match[2]);
  return node;
}

function spoiler(children) {
  const node = el("span", {
    class: "spoiler", role: "button", tabindex: "0", "aria-label": "Spoiler, press to show", "aria-expanded": "false",
  }, el("span", { class: "hidden-text", inert: true }, children));
  const show = (event) => {
    if (node.classList.contains("shown")) return;
    // A hidden link must not be followed by the click that only uncovers it.
    event.preventDefault();
    node.classList.add("shown");
    node.firstChild.inert = false;
    for (const name of ["role", "tabindex", "aria-label", "aria-expanded"]) node.removeAttribute(name);
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && show(event));
  return node;
}
