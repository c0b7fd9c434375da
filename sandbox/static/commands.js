// The registered slash commands as flat entries, and the values of their options.

import { nameOf } from "./store.js";

const ADMINISTRATOR = 8n;
const SUB = 1;
const GROUP = 2;
export const TYPES = { string: 3, integer: 4, boolean: 5, user: 6, channel: 7, role: 8, mentionable: 9, number: 10 };

/** Every command that can be run, each with its full name. */
export function flatten(commands) {
  return commands.filter((command) => (command.type ?? 1) === 1).flatMap((command) => expand(command, command.name));
}

/** The commands that Discord offers the acting person in a channel. */
export function offered(store, channelId) {
  const guildId = store.channels.get(String(channelId))?.guild_id ?? "";
  return store.commands.filter((command) => isPlaced(command, guildId) && (!guildId || isAllowed(command, store, guildId)));
}

function isPlaced(command, guildId) {
  if (command.guild_id && String(command.guild_id) !== guildId) return false;
  const contexts = command.contexts ?? (command.dm_permission === false ? [0] : [0, 1]);
  return contexts.includes(guildId ? 0 : 1);
}

function isAllowed(command, store, guildId) {
  const wanted = command.default_member_permissions;
  const rights = BigInt(store.actor?.rights?.[guildId] ?? 0);
  if (wanted === null || wanted === undefined || store.integrationsOpen || rights & ADMINISTRATOR) return true;
  // "0" hides a command from everyone but admins.
  return BigInt(wanted) !== 0n && (rights & BigInt(wanted)) === BigInt(wanted);
}

function expand(node, name) {
  const nested = (node.options ?? []).filter((option) => option.type === SUB || option.type === GROUP);
  if (nested.length) return nested.flatMap((option) => expand(option, `${name} ${option.name}`));
  return [{ name, description: node.description ?? "", options: node.options ?? [] }];
}

/** The commands of a message's menu ("Apps"). */
export function onMessages(commands) {
  return commands.filter((command) => command.type === 3);
}

/** Commands that fit what was typed after the slash, best first. */
export function matching(entries, typed) {
  const text = typed.trim().toLowerCase().replace(/\s+/g, " ");
  const rank = (entry) => {
    if (entry.name.startsWith(text)) return 0;
    if (entry.name.includes(text)) return 1;
    return entry.description.toLowerCase().includes(text) ? 2 : 3;
  };
  return entries.map((entry) => [rank(entry), entry]).filter(([value]) => value < 3)
    .sort((a, b) => a[0] - b[0] || a[1].name.localeCompare(b[1].name)).map(([, entry]) => entry);
}

/** Choices known without asking the bot, as list items; null when any text may be typed. */
export function fixedChoices(option, store) {
  if (option.choices?.length) return option.choices.map((choice) => ({ label: choice.name, value: choice.value }));
  if (option.type === TYPES.boolean) return [{ label: "True", value: true }, { label: "False", value: false }];
  const users = [...store.users.values()].map((user) => ({ label: nameOf(user), value: user.id }));
  const roles = [...store.roles.values()].map((role) => ({ label: role.name, value: role.id }));
  if (option.type === TYPES.user) return users;
  if (option.type === TYPES.role) return roles;
  if (option.type === TYPES.mentionable) return [...users, ...roles];
  if (option.type === TYPES.channel) {
    return [...store.channels.values()].filter((channel) => channel.guild_id).filter((channel) => !option.channel_types?.length || option.channel_types.includes(channel.type))
      .map((channel) => ({ label: `#${channel.name}`, value: channel.id }));
  }
  return null;
}

/** Turn typed text into the value of an option; throws an Error that tells what is wrong. */
export function valueOf(option, text) {
  if (option.type === TYPES.integer || option.type === TYPES.number) {
    const number = Number(text);
    const whole = option.type === TYPES.integer;
    if (!Number.isFinite(number) || (whole && !Number.isInteger(number))) {
      throw new Error(`${option.name}: enter a ${whole ? "whole " : ""}number`);
    }
    if (number < (option.min_value ?? -Infinity)) throw new Error(`${option.name}: at least ${option.min_value}`);
    if (number > (option.max_value ?? Infinity)) throw new Error(`${option.name}: at most ${option.max_value}`);
    return number;
  }
  if (text.length < (option.min_length ?? 0)) throw new Error(`${option.name}: at least ${option.min_length} characters`);
  if (text.length > (option.max_length ?? 6000)) throw new Error(`${option.name}: at most ${option.max_length} characters`);
  return text;
}
