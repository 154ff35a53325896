// The routes about people as functions.

import { Refused, ask } from "/desk/ask.js";

export { Refused };

export const me = () => ask("/api/me");
export const signOut = () => ask("/sign-out", { body: {} });
export const signOutEverywhere = () => ask("/api/me/sign-out-everywhere", { body: {} });
export const changePassword = (current, fresh) =>
  ask("/api/me/password", { body: { current, new: fresh } });
export const tokens = () => ask("/api/tokens");
export const endToken = (id) => ask(`/api/tokens/${id}`, { method: "DELETE", body: {} });
export const people = async () => (await ask("/api/people")).people;
export const addPerson = (body) => ask("/api/people", { body: body });
export const changePerson = (id, body) => ask(`/api/people/${id}`, { method: "PATCH", body });
