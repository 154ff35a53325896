// The HTTP contract as functions. Knows addresses and errors, nothing of the screen.

import { t } from "/desk/texts.js";

/** A refusal or failure, told in one sentence. `retry`: the same request may work later. */
export class ApiError extends Error {
  constructor(message, { status = 0, body = null, retry = false } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.body = body;
    this.retry = retry;
  }

  get conflict() {
    return this.status === 409;
  }
}

export function createApi(base = "") {
  const pages = new Map();

  async function ask(path, { body, signal } = {}) {
    const options = { signal, headers: { Accept: "application/json" }, credentials: "same-origin" };
    if (body !== undefined) {
      options.method = "POST";
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    let response;
    try {
      response = await fetch(base + path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(t("cockpit.unreachable"), { retry: true });
    }
    return read(response);
  }

  /** The words of a page; asked once, the last 200 pages are kept. */
  function page(sha256, number) {
    const path = `/api/documents/${encodeURIComponent(sha256)}/pages/${number}`;
    if (!pages.has(path)) {
      const answer = ask(path);
      answer.catch(() => pages.delete(path));
      pages.set(path, answer);
      if (pages.size > 200) pages.delete(pages.keys().next().value);
    }
    return pages.get(path);
  }

  const of = (id) => `/api/records/${encodeURIComponent(id)}`;
  return {
    /** `passed` are the papers come by in this sitting: the next one is none of them. */
    record: (id, filters, passed) => ask(of(id) + query({ ...filters, passed })),
    page,
    save: (id, body, filters) => ask(`${of(id)}/revisions${query(filters)}`, { body }),
    undo: (id, body) => ask(`${of(id)}/undo`, { body }),
    ground: (id, answer, signal) => ask(`${of(id)}/ground`, { body: { answer }, signal }),
    funders: (q, signal) => ask(`/api/funders${query({ q })}`, { signal }),
    propose: (id) => ask(`${of(id)}/propose`, { body: {} }),
    history: (id) => ask(`${of(id)}/history`),
    restore: (id, body) => ask(`${of(id)}/restore`, { body }),
    comment: (id, body) => ask(`${of(id)}/comments`, { body }),
    pace: (minutes) => ask(`/api/me/pace?offset=${minutes}`),
    file: (sha256) => `${base}/files/${encodeURIComponent(sha256)}`,
  };
}

async function read(response) {
  const body = await response.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return null;
  });
  if (response.ok && body !== null) return body;
  // Who is signed out signs in again: what was to be sent waits until then.
  const retry = response.status >= 500 || [401, 408, 429].includes(response.status);
  throw new ApiError(sentence(response.status, body), { status: response.status, body, retry });
}

function sentence(status, body) {
  if (typeof body?.error === "string" && body.error) return body.error;
  if (status === 401) return t("people.signed_out");
  if (status === 404) return t("cockpit.gone");
  return t("cockpit.failed", { status });
}

function query(filters = {}) {
  const chosen = Object.entries(filters ?? {}).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  return chosen.length ? `?${new URLSearchParams(chosen)}` : "";
}
