// Dialogs: the bot's modals, and asking before a message is deleted.

import * as api from "./api.js";
import { select } from "./components.js";
import { el } from "./dom.js";

function dialog(title, content, buttons) {
  const node = el("dialog", { class: "dialog", "aria-label": title }, el("h2", {}, title), content,
    el("div", { class: "dialog-buttons" }, buttons));
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  return node;
}

/** Ask a yes-or-no question; resolves to whether the person agreed. */
export function confirm(title, text, yes) {
  return new Promise((resolve) => {
    const agree = el("button", { type: "button", class: "button danger", onclick: () => done(true) }, yes);
    const cancel = el("button", { type: "button", class: "button secondary", onclick: () => done(false) }, "Cancel");
    const node = dialog(title, el("p", {}, text), [cancel, agree]);
    const done = (value) => {
      resolve(value);
      node.close();
    };
    node.addEventListener("cancel", () => resolve(false));
    node.showModal();
    agree.focus();
  });
}

/** Show what the bot may do in a channel; unticking takes a permission from it at once. */
export function askPermissions(app, channel) {
  const { store } = app;
  const error = el("p", { class: "form-error", role: "alert" });
  const taken = new Set(store.takenIn(channel.id));
  const boxes = store.takeable.map((one) => {
    const box = el("input", { type: "checkbox", checked: !taken.has(one.name) });
    box.addEventListener("change", async () => {
      error.textContent = "";
      try {
        await api.permission({ user_id: store.actorId, channel_id: channel.id, permission: one.bit, allowed: box.checked });
      } catch (problem) {
        box.checked = !box.checked;
        error.textContent = problem.message;
      }
    });
    return el("label", { class: "check" }, box, one.name);
  });
  const done = el("button", { type: "button", class: "button primary", onclick: () => node.close() }, "Done");
  const node = dialog(`What ${store.bot.name} may do in #${channel.name}`, el("div", {},
    el("p", { class: "muted" }, "Untick a permission to take it from the bot, and see what it does without; tick it again and the bot goes on."),
    boxes, error), [done]);
  node.showModal();
}

/** Show a modal of the bot; `send(fields)` gets what was entered. */
export function openModal(data, context, send) {
  const fields = {};
  const error = el("p", { class: "form-error", role: "alert" });
  const inputs = [...walk(data.components ?? [])].map((part) => field(part, fields, context));
  const submit = el("button", { type: "submit", class: "button primary" }, "Submit");
  const cancel = el("button", { type: "button", class: "button secondary", onclick: () => node.close() }, "Cancel");
  const form = el("form", {}, inputs, error, el("div", { class: "dialog-buttons" }, cancel, submit));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await send(fields);
      node.close();
    } catch (problem) {
      error.textContent = problem.message;
      submit.disabled = false;
    }
  });
  const node = dialog(data.title ?? "Form", form, []);
  node.showModal();
}

/** Every input of a modal with its label, whether it stands in an action row or in a label part. */
function* walk(parts) {
  for (const part of parts) {
    if (part.type === 18) yield { ...part.component, label: part.label, description: part.description };
    else if (part.components) yield* walk(part.components);
    else if (part.type === 10) yield part;
    else if (part.custom_id) yield part;
  }
}

function field(part, fields, context) {
  if (part.type === 10) return el("p", {}, part.content);
  if (part.type !== 4) {
    fields[part.custom_id] = (part.options ?? []).filter((option) => option.default).map((option) => option.value);
    const node = select({ ...part, placeholder: part.placeholder ?? part.label }, context, (values) => {
      fields[part.custom_id] = values;
    });
    return el("div", { class: "form-field" }, el("span", { class: "form-label" }, part.label), node);
  }
  const props = {
    name: part.custom_id, placeholder: part.placeholder, required: part.required !== false,
    minlength: part.min_length, maxlength: part.max_length ?? 4000,
  };
  const input = part.style === 2 ? el("textarea", { ...props, rows: 5 }) : el("input", { ...props, type: "text" });
  input.value = part.value ?? "";
  fields[part.custom_id] = input.value;
  input.addEventListener("input", () => {
    fields[part.custom_id] = input.value;
  });
  return el("label", { class: "form-field" },
    el("span", { class: "form-label" }, part.label, props.required && el("span", { class: "needed" }, " *")),
    part.description && el("small", {}, part.description), input);
}
