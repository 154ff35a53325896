// The way through the papers in this tab: back along it, and on to what it has not come by.

import { loadTrail, saveTrail } from "./storage.js";

const KEPT = 200; // papers; the oldest go first

/** Numbers of papers in the order in which they were come by, and which of them is open. */
export function createTrail() {
  let { ids, at } = loadTrail() ?? { ids: [], at: -1 };

  function put(list, place) {
    ids = list.slice(-KEPT);
    at = Math.max(0, place - (list.length - ids.length));
    saveTrail({ ids, at });
  }

  return {
    /** Chosen by hand: a new way begins, but for the paper that is open. */
    begin(id) {
      if (ids[at] !== id) put([id], 0);
    },
    opened(id) {
      const known = ids.indexOf(id);
      if (known >= 0) put(ids, known);
      else put([...ids, id], ids.length);
    },
    /** To be opened by going back beyond the beginning. */
    before(id) {
      if (!ids.includes(id)) put([id, ...ids].slice(0, KEPT), 0);
    },
    next: (position) => ids[at + 1] ?? position?.next ?? null,
    previous: (position) => ids[at - 1] ?? position?.previous ?? null,
    /** After a decision: to where the way had come, from there to what comes next. */
    onward: (position) => (at < ids.length - 1 ? ids.at(-1) : (position?.next ?? null)),
    passed: () => ids.join(","),
  };
}
