// Requests of the queue: JSON in, JSON out, a refusal is an Error with the server's sentence.

import { t } from "/desk/texts.js";

export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.name = "Refused";
    this.status = status;
  }
}

export async function ask(path, body) {
  const options = { headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(t("queue.unreachable"), 0);
  }
  const told = await response.json().catch(() => null);
  if (response.ok && told !== null) return told;
  throw new Refused(told?.error ?? told?.detail ?? t("queue.failed", { status: response.status }), response.status);
}
