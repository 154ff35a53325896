// The routes about people as functions, and what they refuse as one sentence.

import { t } from "/desk/texts.js";

/** A refusal in a sentence for the person; `status` 0 where the server was not reached. */
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function ask(path, method = "GET", body = undefined) {
  const options = { method, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(t("people.failed"), 0);
  }
  const told = await response.json().catch(() => null);
  if (response.ok && told !== null) return told;
  throw new Refused(told?.error || t("people.failed"), response.status);
}

export const me = () => ask("/api/me");
export const signOut = () => ask("/sign-out", "POST", {});
export const signOutEverywhere = () => ask("/api/me/sign-out-everywhere", "POST", {});
export const changePassword = (current, fresh) =>
  ask("/api/me/password", "POST", { current, new: fresh });
export const people = async () => (await ask("/api/people")).people;
export const addPerson = (body) => ask("/api/people", "POST", body);
export const changePerson = (id, body) => ask(`/api/people/${id}`, "PATCH", body);
