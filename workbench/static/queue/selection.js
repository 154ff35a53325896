// Which papers are selected, as they were seen: number, revision and proposal. Survives rendering.

export function createSelection(changed) {
  const kept = new Map();
  let anchor = null;

  const seen = (item) => ({ id: item.id, head: item.head, proposal: item.proposal_id, name: item.name });

  function set(item, on) {
    if (on) kept.set(item.id, seen(item));
    else kept.delete(item.id);
  }

  return {
    has: (id) => kept.has(id),
    get size() {
      return kept.size;
    },
    targets: () => [...kept.values()],
    /** Select or not; with `range` also all rows between this one and the last one touched. */
    toggle(items, id, on, range = false) {
      const at = items.findIndex((item) => item.id === id);
      const from = range ? items.findIndex((item) => item.id === anchor) : at;
      const [first, last] = from < 0 ? [at, at] : [Math.min(at, from), Math.max(at, from)];
      items.slice(first, last + 1).forEach((item) => set(item, on));
      anchor = id;
      changed();
    },
    all(items, on) {
      items.forEach((item) => set(item, on));
      changed();
    },
    keepOnly(ids) {
      for (const id of [...kept.keys()]) if (!ids.has(id)) kept.delete(id);
      changed();
    },
    /** Rows that were left alone are seen anew when they are shown again. */
    renew(items, ids) {
      for (const item of items) if (ids.has(item.id) && kept.has(item.id)) kept.set(item.id, seen(item));
    },
    clear() {
      kept.clear();
      anchor = null;
      changed();
    },
  };
}
