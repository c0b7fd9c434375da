// The form that writes or edits a story or a comment of the example site.

import { el } from "./dom.js";

const SENT = "Sent. The bot reads the site now; a new comment appears after the channel's waiting time, a minute if you chose nothing else.";
const TITLES = { story: "A new story", comment: "A new comment", reply: "A reply", edit: "Edit" };

export class SiteForm {
  /** `kind` is story, comment, reply or edit; `send(what, body, said)` returns what went wrong, or null. */
  constructor(kind, { story, post }, { name, send, close }) {
    Object.assign(this, { kind, story, post, send, close });
    const headline = kind === "story" || (kind === "edit" && post.number === 1);
    this.title = headline && el("input", { type: "text", required: true, maxlength: 200, value: kind === "edit" ? story.title : "" });
    this.author = (kind === "comment" || kind === "reply") && el("input", { type: "text", required: true, maxlength: 60, value: name });
    this.text = el("textarea", { rows: headline ? 5 : 3, required: true, maxlength: 8000 });
    this.text.value = kind === "edit" ? post.text : "";
    this.error = el("p", { class: "form-error", role: "alert" });
    this.go = el("button", { type: "submit", class: "button primary" }, { story: "Publish", edit: "Save" }[kind] ?? "Send");
    const cancel = el("button", { type: "button", class: "button secondary", onclick: close }, "Cancel");
    this.node = el("form", { class: "site-form", "aria-label": TITLES[kind] },
      labelled("Headline", this.title), labelled("Name", this.author), labelled(headline ? "Text" : "Comment", this.text), this.error,
      el("div", { class: "dialog-buttons" }, cancel, this.go));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.node.addEventListener("keydown", (event) => event.key === "Escape" && close());
  }

  focus() {
    (this.kind === "edit" ? this.text : this.title || this.text).focus();
  }

  async submit() {
    this.go.disabled = true;
    const problem = await this.send(...this.wish());
    this.go.disabled = false;
    this.error.textContent = problem ?? "";
    if (!problem) this.close();
  }

  wish() {
    const text = this.text.value;
    const title = this.title ? this.title.value : null;
    if (this.kind === "story") return ["story", { title, text }, "Published. The bot reads the site now."];
    if (this.kind === "edit") return ["edit", { post: this.post.id, text, title }, "Saved. The bot reads the site now."];
    const answers = this.kind === "reply" ? String(this.post.id) : null;
    return ["comment", { story: this.story.id, text, author: this.author.value, answers }, SENT];
  }
}

function labelled(name, input) {
  return input && el("label", { class: "form-field" }, el("span", { class: "form-label" }, name), input);
}
