// Gives rows read anew from JSON the ids of the rows that they were: by name, by value, by place.

import { SLOTS } from "./answer.js";

/** For each of `after` the row of `before` that it continues; no row of `before` is used twice. */
function pair(before, after, same) {
  const free = new Set(before);
  const found = new Map();
  const take = (row, old) => {
    found.set(row, old);
    free.delete(old);
  };
  for (const row of after) {
    const old = [...free].find((candidate) => same(candidate, row));
    if (old) take(row, old);
  }
  after.forEach((row, index) => {
    if (!found.has(row) && free.has(before[index])) take(row, before[index]);
  });
  return (row) => found.get(row);
}

const shares = (old, row) =>
  SLOTS.some((slot) => row[slot].some((item) => old[slot].some((o) => o.value === item.value)));

export function keepIds(before, after) {
  const old = pair(before, after, (a, b) => a.name !== "" && a.name === b.name);
  return after.map((funder) => {
    const was = old(funder);
    return was ? { ...funder, id: was.id, link: was.link, awards: keepAwards(was.awards, funder.awards) } : funder;
  });
}

function keepAwards(before, after) {
  const old = pair(before, after, shares);
  return after.map((award) => {
    const was = old(award);
    if (!was) return award;
    const next = { ...award, id: was.id };
    for (const slot of SLOTS) {
      const value = pair(was[slot], award[slot], (a, b) => a.value === b.value);
      next[slot] = award[slot].map((item) => ({ ...item, id: value(item)?.id ?? item.id }));
    }
    return next;
  });
}
