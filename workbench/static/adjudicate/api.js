// The routes of adjudication; knows nothing of the screen.

import { ask } from "/desk/ask.js";

export const waiting = () => ask("/api/adjudicate");
export const compare = (id) => ask(`/api/adjudicate/${id}`);
export const settle = (id, body) => ask(`/api/adjudicate/${id}`, { body });
