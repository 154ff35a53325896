// The routes of adjudication; knows nothing of the screen.

import { ApiError } from "/desk/cockpit/api.js";
import { t } from "/desk/texts.js";

async function ask(path, body) {
  const options = { credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(t("quality.adjudicate.unreachable"), { retry: true });
  }
  const told = await response.json().catch(() => null);
  if (response.ok && told) return told;
  throw new ApiError(told?.error ?? told?.detail ?? t("quality.adjudicate.failed", { status: response.status }), {
    status: response.status, body: told, retry: response.status >= 500,
  });
}

export const waiting = () => ask("/api/adjudicate");
export const compare = (id) => ask(`/api/adjudicate/${id}`);
export const settle = (id, body) => ask(`/api/adjudicate/${id}`, body);
