// What the model had said of each field: by the same words first, then by similar ones.

import { SLOTS } from "./answer.js";

const ALIKE = 0.45; // share of common letter pairs from which two values are the same one, corrected

/** Every value of a proposal: {kind, value, confidence}. */
function valuesOf(proposal) {
  const sure = new Map(proposal.fields.map((field) => [field.path, field.confidence]));
  const values = proposal.statements.map(({ text, confidence }) => ({ kind: "statement", value: text, confidence }));
  proposal.funders.forEach((funder, i) => {
    const add = (kind, value, tail) =>
      values.push({ kind, value, confidence: sure.get(`/${i}/${tail}`) ?? null });
    if (funder.funder_name) add("funder_name", funder.funder_name, "funder_name");
    funder.awards.forEach((award, j) => {
      for (const slot of SLOTS) award[slot].forEach((value, k) => add(slot, value, `awards/${j}/${slot}/${k}`));
    });
  });
  return values;
}

function pairs(text) {
  const found = new Map();
  const plain = text.toLowerCase();
  for (let i = 0; i < plain.length - 1; i += 1) {
    const pair = plain.slice(i, i + 2);
    found.set(pair, (found.get(pair) ?? 0) + 1);
  }
  return found;
}

/** Share of letter pairs that two texts have in common, 0 to 1. */
function likeness(a, b) {
  const [left, right] = [pairs(a), pairs(b)];
  let common = 0;
  for (const [pair, n] of left) common += Math.min(n, right.get(pair) ?? 0);
  return (2 * common) / Math.max(1, a.length + b.length - 2);
}

/** Map from a field's key to what the model said there; fields that the model did not see have none. */
export function saidOf(fields, proposal) {
  const found = new Map();
  if (!proposal) return found;
  const free = new Set(valuesOf(proposal));
  const take = (field, value) => {
    found.set(field.key, { value: value.value, confidence: value.confidence });
    free.delete(value);
  };
  for (const field of fields) {
    const same = [...free].find(({ kind, value }) => kind === field.kind && value === field.value);
    if (same) take(field, same);
  }
  for (const field of fields.filter(({ key }) => !found.has(key))) {
    const close = [...free]
      .filter(({ kind }) => kind === field.kind)
      .map((value) => [likeness(value.value, field.value), value])
      .sort((a, b) => b[0] - a[0])[0];
    if (close && close[0] >= ALIKE) take(field, close[1]);
  }
  return found;
}
