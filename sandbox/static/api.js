// Everything the page asks of the sandbox.

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let response;
  try {
    response = await fetch(`/page/${path}`, options);
  } catch {
    throw new Error("The sandbox cannot be reached");
  }
  const data = await response.json().catch(() => null);
  if (!response.ok) throw new Error(data?.error ?? `The sandbox answered ${response.status}`);
  return data;
}

export const snapshot = () => call("snapshot");
export const messages = (channel) => call(`messages/${encodeURIComponent(channel)}`);
export const posts = (forum) => call(`posts/${encodeURIComponent(forum)}`);
export const command = (body) => call("command", body);
export const autocomplete = (body) => call("autocomplete", body);
export const click = (body) => call("click", body);
export const modal = (body) => call("modal", body);
export const say = (body) => call("say", body);
export const menu = (body) => call("menu", body);
export const remove = (body) => call("delete", body);
export const lock = (body) => call("lock", body);
export const permission = (body) => call("permission", body);
export const site = () => call("site");
export const mirror = (story) => call(`site/${encodeURIComponent(story)}/mirror`);
/** Change the example site: story, comment, edit, remove or check. */
export const change = (what, body) => call(`site/${what}`, body);

/** Listen to live events, and come back by itself when the connection breaks. */
export function listen({ onEvent, onOpen, onLost }) {
  let wait = 500;
  const connect = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/page/ws`);
    socket.addEventListener("open", () => {
      wait = 500;
      onOpen();
    });
    socket.addEventListener("message", (event) => {
      const { t, d } = JSON.parse(event.data);
      onEvent(t, d);
    });
    socket.addEventListener("close", () => {
      onLost();
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 8000);
    });
  };
  connect();
}
