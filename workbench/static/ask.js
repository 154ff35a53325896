// Asking the desk's routes: JSON in, JSON out, a refusal as an Error with the desk's own sentence.

import { t } from "/desk/texts.js";

export async function ask(path, { method = "GET", body, signal } = {}) {
  let reply;
  try {
    reply = await fetch(path, {
      method,
      signal,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(t("doctor.unreachable"));
  }
  const told = await reply.json().catch(() => ({}));
  if (reply.ok) return told;
  throw Object.assign(new Error(told.error ?? told.detail ?? reply.statusText), { status: reply.status });
}
