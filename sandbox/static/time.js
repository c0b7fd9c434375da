// Times as Discord writes them, in the reader's own zone.

import { el } from "./dom.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
// Making a formatter is slow, and a long thread asks for thousands of times.
const FORMATS = Object.fromEntries(Object.entries(STYLES).map(([key, style]) => [key, new Intl.DateTimeFormat("en", style)]));
const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** Write a date in one of Discord's timestamp styles. */
export function format(date, style = "f") {
  return style === "R" ? relative(date) : (FORMATS[style] ?? FORMATS.f).format(date);
}

function relative(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** A <time> node; null when the date is none. */
export function timeNode(date, style = "f", cls = "timestamp") {
  if (Number.isNaN(date.getTime())) return null;
  return el("time", {
    class: cls, datetime: date.toISOString(), title: format(date, "F"), "data-relative": style === "R",
  }, format(date, style));
}

/** The time beside an author: today's as a clock time, older ones with their day. */
export function stamp(date) {
  const today = new Date().toDateString() === date.toDateString();
  const yesterday = new Date(Date.now() - 86400000).toDateString() === date.toDateString();
  if (today) return format(date, "t");
  return yesterday ? `Yesterday at ${format(date, "t")}` : `${format(date, "d")}, ${format(date, "t")}`;
}

// "5 minutes ago" goes stale on an open page.
setInterval(() => {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    node.textContent = relative(new Date(node.dateTime));
  }
}, 15000);
