// What comes in live, and what the person asks of the bot.

import * as api from "./api.js";
import { drawTools } from "./heads.js";
import { confirm, openModal } from "./modal.js";
import { drawChannels } from "./sidebar.js";

const EPHEMERAL = 64;
let count = 0;

export class Actions {
  onEvent(t, d) {
    if (t.startsWith("MESSAGE_")) this.onMessage(t, d);
    else if (t.startsWith("PRIVATE_")) this.onPrivate(t, d);
    else if (t === "SITE_UPDATE") this.site?.show(d);
    else if (/^(CHANNEL|THREAD)_(CREATE|UPDATE)$/.test(t)) this.onChannel(d);
    else if (/^(CHANNEL|THREAD)_DELETE$/.test(t)) this.onChannelGone(d);
    else if (/^(GUILD|APPLICATION_COMMAND)/.test(t)) this.refresh();
  }

  onMessage(t, d) {
    if (d.flags & EPHEMERAL) return;
    const channel = String(d.channel_id);
    if (String(d.id) === channel) this.main?.forum?.started(t, d);
    const open = this.panes.filter((pane) => pane.channelId === channel);
    for (const pane of open) pane.apply(t, d);
    if (t === "MESSAGE_CREATE" && d.interaction_metadata) this.doneWaiting(channel, d);
    if (t === "MESSAGE_CREATE") this.count(channel, d, open.length > 0);
    if (t === "MESSAGE_DELETE") this.grow(channel, -1);
    if (channel === this.channelId) this.setStarter();
    else if (t === "MESSAGE_UPDATE" && String(d.id) === this.threadId) this.panel.starterChanged(d);
  }

  /** What only one person sees: an answer, a later follow-up, a change of either. */
  onPrivate(t, d) {
    const id = String(d.id);
    const old = this.store.findPrivate(id);
    if (t === "PRIVATE_DELETE") {
      if (old) this.dismiss(old.channel_id, old);
    } else if (old || t === "PRIVATE_CREATE") {
      const edited = t === "PRIVATE_UPDATE" ? new Date().toISOString() : d.edited_timestamp;
      this.store.addPrivate(d.channel_id, { ...d, id, private: true, actorId: d.for, edited_timestamp: edited, command: old?.command });
      this.redraw(d.channel_id);
    }
  }

  /** A first direct message comes in a channel that no event told of. */
  async count(id, message, isOpen) {
    if (!message.guild_id && !this.store.channels.has(id)) await this.refresh();
    this.countMessage(id, message, isOpen);
  }

  countMessage(id, message, isOpen) {
    if (!this.store.channels.has(id)) return;
    if (message.id) this.store.channels.get(id).last_message_id = String(message.id);
    if (message.type !== 21) this.grow(id, 1);
    if (!isOpen && String(message.author?.id) !== this.store.actorId && !this.store.unread.has(id)) {
      this.store.unread.add(id);
      drawChannels(this);
      this.main?.soon();
    }
  }

  /** Count in a thread as Discord's own page does, which is not told of each new number. */
  grow(id, by) {
    if (!this.store.isThread(id)) return;
    const thread = this.store.channels.get(id);
    thread.message_count = Math.max(0, (thread.message_count ?? 0) + by);
    this.main?.soon();
  }

  onChannel(d) {
    this.store.keep(d);
    drawChannels(this);
    drawTools(this);
    if (!this.main) this.follow();
    this.main?.soon();
    if (String(d.id) === this.threadId) document.querySelector("#panel h2 span").textContent = d.name ?? "";
  }

  onChannelGone(d) {
    const id = String(d.id);
    this.store.forget(id);
    if (id === this.threadId || id === this.channelId) location.hash = id === this.threadId ? this.channelId : "";
    drawChannels(this);
    this.main?.soon();
  }

  say(channelId, text, replyTo) {
    return api.say({ user_id: this.store.actorId, channel_id: channelId, text, reply_to: replyTo });
  }

  async remove(message) {
    if (!await confirm("Delete message", "Delete this message for everyone?", "Delete")) return;
    try {
      await api.remove({ user_id: this.store.actorId, message_id: message.id });
    } catch (problem) {
      this.note(message.channel_id, "failed", problem.message);
    }
  }

  /** Lock or unlock a thread as a moderator. */
  async lock(thread, locked) {
    try {
      await api.lock({ user_id: this.store.actorId, thread_id: thread.id, locked });
    } catch (problem) {
      this.note(thread.id, "failed", problem.message);
    }
  }

  dismiss(channelId, message) {
    this.store.dropPrivate(channelId, message.id);
    this.redraw(channelId);
  }

  /** The bot's own message now says that it is thinking, or has the answer. */
  doneWaiting(channelId, message) {
    const mine = String(message.interaction_metadata.user?.id) === this.store.actorId;
    const waiting = mine && this.store.privateIn(channelId).find((item) => item.note === "waiting");
    if (!waiting) return;
    this.store.commandOf.set(String(message.id), waiting.command.name);
    this.dismiss(channelId, waiting);
  }

  redraw(channelId) {
    for (const pane of this.panes) if (pane.channelId === String(channelId)) pane.soon();
  }

  /** Add something only the acting person sees. */
  addPrivate(channelId, item) {
    count += 1;
    const full = {
      id: `private-${count}`, private: true, actorId: this.store.actorId, author: this.store.bot, type: 20,
      timestamp: new Date().toISOString(), embeds: [], components: [], ...item,
    };
    this.store.addPrivate(channelId, full);
    this.redraw(channelId);
    return full;
  }

  note(channelId, kind, text, command) {
    return this.addPrivate(channelId, { note: kind, content: text, command });
  }

  async command(channelId, entry, options) {
    const used = { name: `/${entry.name}`, user: this.store.actor };
    const waiting = this.note(channelId, "waiting", `${this.store.bot.name} is thinking…`, used);
    const body = { user_id: this.store.actorId, channel_id: channelId, name: entry.name, options };
    await this.interact(channelId, () => api.command(body), { used });
    this.dismiss(channelId, waiting);
  }

  /** Run a command of a message's menu. */
  async menu(channelId, message, name) {
    const used = { name, user: this.store.actor };
    const waiting = this.note(channelId, "waiting", `${this.store.bot.name} is thinking…`, used);
    const body = { user_id: this.store.actorId, message_id: message.id, name };
    await this.interact(channelId, () => api.menu(body), { used });
    this.dismiss(channelId, waiting);
  }

  async use(channelId, message, customId, values) {
    const body = { user_id: this.store.actorId, message: String(message.id), custom_id: customId, values };
    await this.interact(channelId, () => api.click(body), { message });
  }

  /** Ask the bot, then show its answer or that there was none. */
  async interact(channelId, ask, from) {
    try {
      this.answered(channelId, await ask(), from);
    } catch (problem) {
      this.note(channelId, "failed", problem.message, from.used);
    }
  }

  answered(channelId, answer, from) {
    if (answer.kind === "modal") this.showModal(channelId, answer, from);
    else if (answer.kind === "failed") this.note(channelId, "failed", answer.content || "The application did not respond", from.used);
    else if (from.used && answer.message_id) this.named(channelId, answer, from.used);
  }

  /** The answer itself came live; here it learns which command it answers. */
  named(channelId, answer, used) {
    this.store.commandOf.set(answer.message_id, used.name);
    const item = this.store.findPrivate(answer.message_id);
    if (item) this.store.addPrivate(channelId, { ...item, command: used });
    this.redraw(channelId);
  }

  showModal(channelId, answer, from) {
    const message = from.message && String(from.message.id);
    openModal(answer.modal, this.context, async (fields) => {
      const body = {
        user_id: this.store.actorId, channel_id: channelId, custom_id: answer.modal.custom_id, fields,
        message_id: message ?? null,
      };
      this.answered(channelId, await api.modal(body), from);
    });
  }
}
