// Fetches the next paper while the curator reads this one: payload, words and the PDF's first parts.

const FRESH = 120_000; // an older payload is asked again

export function createPrefetch({ api, docs, trail }) {
  const kept = new Map(); // "id filters" -> {at, promise}
  let waiting = 0;

  const name = (id, filters) => `${id} ${JSON.stringify(filters ?? {})}`;
  const idle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 200));
  const stop = globalThis.cancelIdleCallback ?? clearTimeout;

  function later(id, filters) {
    stop(waiting);
    if (id === null || id === undefined) return;
    waiting = idle(() => fetchAll(id, filters), { timeout: 1500 });
  }

  async function fetchAll(id, filters) {
    if (!kept.has(name(id, filters))) {
      kept.set(name(id, filters), { at: Date.now(), promise: api.record(id, filters, trail.passed()) });
      if (kept.size > 5) kept.delete(kept.keys().next().value);
    }
    try {
      const payload = await kept.get(name(id, filters)).promise;
      const { sha256, media_type: kind, pages } = payload.document;
      const numbers = new Set([1, ...pagesOf(payload)].slice(0, 5));
      const known = [...numbers].filter((number) => pages.some((page) => page.number === number));
      await Promise.all(known.map((number) => api.page(sha256, number)));
      if (kind !== "application/pdf") return;
      const pdf = await docs.get(sha256);
      await pdf.getPage(known[1] ?? known[0] ?? 1);
    } catch {
      kept.delete(name(id, filters)); // opening the paper asks again, and tells what is wrong
    }
  }

  return {
    later,
    /** A payload fetched ahead, or null; each is used once. */
    take(id, filters) {
      const found = kept.get(name(id, filters));
      kept.delete(name(id, filters));
      return found && Date.now() - found.at < FRESH ? found.promise : null;
    },
    forget(id) {
      for (const key of kept.keys()) if (key.startsWith(`${id} `)) kept.delete(key);
    },
    destroy: () => stop(waiting),
  };
}

/** The pages that the form will scroll to first. */
function pagesOf({ answer, fields }) {
  return [...answer.statements, ...fields].map((field) => field.span?.page).filter(Boolean);
}
