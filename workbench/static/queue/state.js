// What the queue shows, in the address: a reload, a bookmark and the back button find it again.

export const DEFAULTS = {
  status: "", q: "", sort: "worth", project: "", assigned: "", reason: "", decided_by: "",
  least: "", most: "", absent: "", since: "",
};
const NAMES = Object.keys(DEFAULTS);
/** Filters that hide behind the button; the others are always in sight. */
export const MORE = ["project", "assigned", "reason", "decided_by", "least", "most", "absent", "since"];

export function fromHash(hash = location.hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const filters = { ...DEFAULTS };
  for (const name of NAMES) filters[name] = given.get(name) ?? DEFAULTS[name];
  return { filters, page: Math.max(1, Number.parseInt(given.get("page"), 10) || 1) };
}

/** Write the filters into the address; what others keep there stays. */
export function toHash({ filters, page }) {
  const kept = new URLSearchParams(location.hash.replace(/^#/, ""));
  for (const name of [...NAMES, "page"]) kept.delete(name);
  for (const [name, value] of Object.entries(chosen(filters))) kept.set(name, value);
  if (page > 1) kept.set("page", page);
  const hash = kept.toString();
  history.replaceState(history.state, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** The filters that differ from the start, for the address, the cockpit and a saved view. */
export function chosen(filters) {
  return Object.fromEntries(NAMES.filter((name) => filters[name] !== DEFAULTS[name]).map((name) => [name, filters[name]]));
}

export function query({ filters, page }, size) {
  return new URLSearchParams({ sort: filters.sort, ...chosen(filters), offset: (page - 1) * size, limit: size });
}
