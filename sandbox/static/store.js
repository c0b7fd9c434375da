// What the page knows: servers, channels, threads, people, commands and what only one person sees.

const DIRECT = 1;
const TEXT = new Set([0, 5, 15, 16]);
const FORUM = new Set([15, 16]);
const THREADS = new Set([10, 11, 12]);
const ACTOR = "sandbox-actor";

export class Store {
  constructor() {
    this.guilds = [];
    this.channels = new Map();
    this.users = new Map();
    this.commands = [];
    this.roles = new Map();
    this.takeable = [];
    this.hasSite = false;
    this.integrationsOpen = false;
    this.unread = new Set();
    this.private = new Map();
    // A message of Discord does not tell which command it answers; the page knows those it ran itself.
    this.commandOf = new Map();
    this.actorId = localStorage.getItem(ACTOR);
  }

  load(snapshot) {
    this.guilds = snapshot.guilds ?? [];
    this.commands = snapshot.commands ?? [];
    this.users = new Map((snapshot.users ?? []).map((user) => [String(user.id), { ...user, id: String(user.id) }]));
    this.takeable = snapshot.takeable ?? [];
    this.hasSite = Boolean(snapshot.site);
    this.integrationsOpen = Boolean(snapshot.integrations_open);
    this.channels.clear();
    this.roles.clear();
    for (const guild of this.guilds) {
      for (const role of guild.roles ?? []) this.roles.set(String(role.id), { ...role, guild_id: String(guild.id) });
      for (const channel of [...(guild.channels ?? []), ...(guild.threads ?? [])]) this.keep(channel, String(guild.id));
    }
    for (const direct of snapshot.directs ?? []) this.keep({ ...direct, name: nameOf(this.bot) });
    if (!this.people.some((user) => user.id === this.actorId)) this.actorId = this.people[0]?.id ?? null;
  }

  /** Keep a channel or thread; counts this page has seen grow are never lowered by an older copy. */
  keep(channel, guildId) {
    const id = String(channel.id);
    const old = this.channels.get(id) ?? {};
    this.channels.set(id, { ...old, ...channel, id, guild_id: String(channel.guild_id ?? guildId ?? old.guild_id ?? "") });
  }

  forget(id) {
    this.channels.delete(String(id));
    this.unread.delete(String(id));
  }

  get people() {
    return [...this.users.values()].filter((user) => !user.bot && user.role !== "bot");
  }

  get actor() {
    return this.users.get(this.actorId) ?? null;
  }

  set actor(user) {
    this.actorId = user.id;
    localStorage.setItem(ACTOR, user.id);
  }

  /** Whether the acting person may delete messages, lock threads and take permissions. */
  get moderates() {
    return ["admin", "moderator"].includes(this.actor?.role);
  }

  get bot() {
    const owner = String(this.commands[0]?.application_id ?? "");
    const bots = [...this.users.values()].filter((user) => user.bot || user.role === "bot");
    return bots.find((user) => user.id === owner) ?? bots[0] ?? { id: "0", name: "App", bot: true };
  }

  isThread(id) {
    return THREADS.has(this.channels.get(String(id))?.type);
  }

  isForum(id) {
    return FORUM.has(this.channels.get(String(id))?.type);
  }

  isDirect(id) {
    return this.channels.get(String(id))?.type === DIRECT;
  }

  /** The acting person's own direct channels with the bot. */
  get directs() {
    return [...this.channels.values()].filter((channel) => channel.type === DIRECT && channel.recipient_id === this.actorId);
  }

  /** Whether the acting person may look into a channel: another one's direct messages are not theirs. */
  shows(id) {
    const channel = this.channels.get(String(id));
    return Boolean(channel) && (channel.type !== DIRECT || channel.recipient_id === this.actorId);
  }

  /** How many channels have something new for the acting person. */
  get unreadCount() {
    return [...this.unread].filter((id) => this.shows(id)).length;
  }

  textChannels(guildId) {
    return [...this.channels.values()]
      .filter((channel) => TEXT.has(channel.type) && channel.guild_id === String(guildId))
      .sort((a, b) => (a.position ?? 0) - (b.position ?? 0) || byId(a, b));
  }

  threadsOf(channelId) {
    return [...this.channels.values()]
      .filter((channel) => THREADS.has(channel.type) && String(channel.parent_id) === String(channelId))
      .sort((a, b) => byId({ id: b.last_message_id ?? b.id }, { id: a.last_message_id ?? a.id }));
  }

  /** Names of the permissions that were taken from the bot in a channel. */
  takenIn(channelId) {
    const overwrites = this.channels.get(String(channelId))?.permission_overwrites ?? [];
    const denied = BigInt(overwrites.find((one) => one.id === this.bot.id)?.deny ?? 0);
    return this.takeable.filter((one) => denied & BigInt(one.bit)).map((one) => one.name);
  }

  /** Messages only the acting person sees in a channel. */
  privateIn(channelId) {
    return (this.private.get(String(channelId)) ?? []).filter((item) => item.actorId === this.actorId);
  }

  /** Keep such a message, in place of an older version of it. */
  addPrivate(channelId, item) {
    const list = (this.private.get(String(channelId)) ?? []).filter((one) => one.id !== item.id);
    this.private.set(String(channelId), [...list, item]);
  }

  findPrivate(id) {
    return [...this.private.values()].flat().find((item) => item.id === String(id)) ?? null;
  }

  dropPrivate(channelId, id) {
    const list = this.private.get(String(channelId)) ?? [];
    this.private.set(String(channelId), list.filter((item) => item.id !== id));
  }
}

/** Order ids by age; they are too large for numbers. */
export function byId(a, b) {
  const left = String(a.id);
  const right = String(b.id);
  return left.length - right.length || (left < right ? -1 : Number(left > right));
}

/** Whether a thread is archived or locked, as words. */
export function marksOf(thread) {
  const state = thread?.thread_metadata ?? {};
  return [state.locked && "Locked", state.archived && "Archived"].filter(Boolean);
}

/** The name a person or bot is shown with. */
export function nameOf(user) {
  return user?.global_name || user?.name || user?.username || "Unknown";
}
