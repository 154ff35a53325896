// Asking the desk's routes: JSON in, JSON out, a refusal as an Error with the desk's own sentence.

import { t } from "/desk/texts.js";

/** `status` is 0 where the server was not reached; `body` is what it said, `retry` whether it may do later. */
export class Refused extends Error {
  constructor(message, { status = 0, body = null } = {}) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.body = body;
    this.retry = status === 0 || status >= 500;
  }
}

/** What a route answers. With a `body` it is a POST, unless another method is named. */
export async function ask(path, { body, method = body === undefined ? "GET" : "POST", signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, signal, headers, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) };
  let reply;
  try {
    reply = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(t("common.unreachable"));
  }
  const told = await reply.json().catch(() => null);
  if (reply.ok && told !== null) return told;
  const { status } = reply;
  throw new Refused(told?.error ?? told?.detail ?? t("common.server_failed", { status }), { status, body: told });
}
