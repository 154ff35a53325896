// A draft answer with undo: pure state, no screen. Every edit is a function from state to state.

import { SLOTS, fromAnswer, newId, pointerOf, signature, toAnswer } from "./answer.js";
import { keepIds } from "./reconcile.js";

const LIMIT = 300; // steps of undo kept

export class Draft {
  /**
   * `base` is the answer that the draft is compared with; `start` {answer, accepted, reasons, state}
   * where it begins, if elsewhere. A kept `state` also has what was struck through.
   */
  constructor(base, start = null) {
    const loaded = fromAnswer(base);
    this.clean = signature(toAnswer(loaded).answer);
    this.past = [];
    this.future = [];
    this.state = start?.answer ? fromAnswer(start.answer) : loaded;
    this.merging = null;
    if (start?.state) this.state = { ...loaded, ...start.state };
    else this.acceptPaths(start?.accepted ?? []);
    this.putReasons(start?.reasons ?? {});
  }

  get dirty() {
    return signature(this.send().answer) !== this.clean;
  }

  get canUndo() {
    return this.past.length > 0;
  }

  get canRedo() {
    return this.future.length > 0;
  }

  send() {
    return toAnswer(this.state);
  }

  /** Apply an edit; edits in a row with the same `merge` (typing in one field) are one step. */
  apply(edit, merge = null) {
    const next = edit(this.state);
    if (next === this.state) return false;
    if (merge === null || merge !== this.merging) {
      this.past.push(this.state);
      if (this.past.length > LIMIT) this.past.shift();
    }
    this.merging = merge;
    this.future = [];
    this.state = next;
    this.#forgetNothing();
    return true;
  }

  /** A run of edits that ends where it began (an added value left empty) is no step. */
  #forgetNothing() {
    if (JSON.stringify(this.past.at(-1)) !== JSON.stringify(this.state)) return;
    this.state = this.past.pop();
    this.merging = null;
  }

  /** End the current run of typing: the next edit is a step of its own. */
  seal() {
    this.merging = null;
  }

  undo() {
    return this.#step(this.past, this.future);
  }

  redo() {
    return this.#step(this.future, this.past);
  }

  #step(from, to) {
    if (!from.length) return false;
    to.push(this.state);
    this.state = from.pop();
    this.merging = null;
    return true;
  }

  acceptedPaths() {
    const { paths } = this.send();
    return Object.keys(this.state.accepted)
      .map((key) => paths.get(key))
      .filter(Boolean);
  }

  acceptPaths(list) {
    const { keys } = this.send();
    const known = list.map((path) => keys.get(path)).filter(Boolean);
    const accepted = Object.fromEntries(known.map((key) => [key, true]));
    this.state = { ...this.state, accepted };
  }

  /** Reasons by JSON pointer, for the fields that have none yet. */
  putReasons(given) {
    const { keys } = this.send();
    const known = Object.entries(given)
      .map(([pointer, reason]) => [keys.get(pointer.replace(/^\/funders/, "")), reason])
      .filter(([key]) => key);
    this.state = { ...this.state, reasons: { ...Object.fromEntries(known), ...this.state.reasons } };
  }

  /** The reasons of what is sent, by JSON pointer. */
  reasons() {
    const { paths } = this.send();
    const known = Object.entries(this.state.reasons).filter(([key]) => paths.has(key));
    return Object.fromEntries(known.map(([key, reason]) => [pointerOf(paths.get(key)), reason]));
  }
}

// --- edits -------------------------------------------------------------------------------------

const onAwards = (state, change) => ({
  ...state,
  funders: state.funders.map((funder) => {
    const awards = change(funder.awards, funder);
    return awards === funder.awards ? funder : { ...funder, awards };
  }),
});

const onAward = (state, id, change) =>
  onAwards(state, (awards) =>
    awards.some((award) => award.id === id)
      ? awards.map((award) => (award.id === id ? change(award) : award))
      : awards,
  );

const without = (accepted, key) => {
  if (!(key in accepted)) return accepted;
  const { [key]: gone, ...rest } = accepted;
  return rest;
};

export const findValue = (state, key) => {
  for (const funder of state.funders) {
    for (const award of funder.awards) {
      for (const slot of SLOTS) {
        const index = award[slot].findIndex((item) => item.id === key);
        if (index >= 0) return { funder, award, slot, index, value: award[slot][index].value };
      }
    }
  }
  return null;
};

/** What was said of a field's earlier words does not hold for others. */
const forgetting = (state, key) => ({
  ...state,
  accepted: without(state.accepted, key),
  rejected: without(state.rejected, key),
  reasons: without(state.reasons, key),
});

/** Set a field's words; a statement may come with its place. Its tick goes: nobody checked that. */
export const setValue = (key, value, place = null) => (state) => {
  const found = findValue(state, key);
  if (found) {
    if (found.value === value) return state;
    const put = (item) => (item.id === key ? { ...item, value } : item);
    const change = (award) => ({ ...award, [found.slot]: award[found.slot].map(put) });
    return forgetting(onAward(state, found.award.id, change), key);
  }
  const put = (row) => {
    if (row.id === key) {
      return { ...row, text: value, span: null, alignment: "absent", confidence: null, ...place };
    }
    return `${row.id}:name` === key ? { ...row, name: value } : row;
  };
  const same = (row) => row.id === key && row.text === value && !place;
  const sameName = (row) => `${row.id}:name` === key && row.name === value;
  if (state.statements.some(same) || state.funders.some(sameName)) return state;
  const next = { ...state, statements: state.statements.map(put), funders: state.funders.map(put) };
  return forgetting(next, key);
};

export const toggleAccepted = (key) => (state) => ({
  ...state,
  accepted: key in state.accepted ? without(state.accepted, key) : { ...state.accepted, [key]: true },
});

/** Strike a field through, or bring it back; a funder goes with its awards. */
export const toggleRejected = (key) => (state) => {
  if (key in state.rejected) return { ...state, rejected: without(state.rejected, key) };
  return { ...state, accepted: without(state.accepted, key), rejected: { ...state.rejected, [key]: true } };
};

/** Say why fields stay that are not in the text: {key: reason}. */
export const giveReasons = (given) => (state) => ({ ...state, reasons: { ...state.reasons, ...given } });

const insert = (list, after, row) => {
  const at = list.findIndex((item) => item.id === after);
  return at < 0 ? [...list, row] : [...list.slice(0, at + 1), row, ...list.slice(at + 1)];
};

export const addStatement = (id, { text = "", span = null, alignment = "absent" }, after) => (state) => ({
  ...state,
  statements: insert(state.statements, after, { id, text, span, alignment, confidence: null }),
});

export const addFunder = (id, name = "", after = null) => (state) => ({
  ...state,
  funders: insert(state.funders, after, { id, name, awards: [] }),
});

const emptyAward = (id) => ({
  id, award_ids: [], funding_scheme: [], award_title: [], blank: false,
});

export const addAward = (id, funderId, after = null) => (state) =>
  onAwards(state, (awards, funder) =>
    funder.id === funderId ? insert(awards, after, emptyAward(id)) : awards,
  );

export const addValue = (id, awardId, slot, value = "", after = null) => (state) =>
  onAward(state, awardId, (award) => ({
    ...award,
    [slot]: insert(award[slot], after, { id, value }),
  }));

/** Remove a value (and its award when nothing is left in it), a statement, or a funder by its name. */
export const removeField = (key) => (state) => {
  const found = findValue(state, key);
  if (!found) {
    return {
      ...forgetting(state, key),
      statements: state.statements.filter((row) => row.id !== key),
      funders: state.funders.filter((row) => `${row.id}:name` !== key),
    };
  }
  const { award, slot } = found;
  const left = { ...award, [slot]: award[slot].filter((item) => item.id !== key) };
  const empty = SLOTS.every((name) => !left[name].length);
  const next = empty ? removeRow(award.id)(state) : onAward(state, award.id, () => left);
  return forgetting(next, key);
};

/** Remove a statement, funder or award. */
export const removeRow = (id) => (state) => {
  const keep = (row) => row.id !== id;
  return {
    ...onAwards({ ...state, funders: state.funders.filter(keep) }, (awards) =>
      awards.some((award) => award.id === id) ? awards.filter(keep) : awards,
    ),
    statements: state.statements.filter(keep),
  };
};

const shifted = (list, id, by) => {
  const from = list.findIndex((row) => row.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= list.length) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
};

/** Move a row up (-1) or down (1); an award at the edge goes over to the neighbouring funder. */
export const moveRow = (id, by) => (state) => {
  const statements = shifted(state.statements, id, by);
  const funders = shifted(state.funders, id, by);
  if (statements !== state.statements || funders !== state.funders) {
    return { ...state, statements, funders };
  }
  const owner = state.funders.findIndex((f) => f.awards.some((award) => award.id === id));
  if (owner < 0) return state;
  const within = shifted(state.funders[owner].awards, id, by);
  if (within !== state.funders[owner].awards) {
    return onAwards(state, (awards, funder) => (funder === state.funders[owner] ? within : awards));
  }
  const target = state.funders[owner + by];
  return target ? moveAward(id, target.id, by > 0 ? 0 : target.awards.length)(state) : state;
};

/** Give an award to another funder, at `index` of its awards. */
export const moveAward = (id, funderId, index = Infinity) => (state) => {
  const award = state.funders.flatMap((funder) => funder.awards).find((row) => row.id === id);
  if (!award || !state.funders.some((funder) => funder.id === funderId)) return state;
  return onAwards(state, (awards, funder) => {
    const rest = awards.some((row) => row === award) ? awards.filter((row) => row !== award) : awards;
    if (funder.id !== funderId) return rest;
    return [...rest.slice(0, index), award, ...rest.slice(index)];
  });
};

/** The parts of a list written as one value: "A1; B2 and C3". One part when it is no list. */
export const partsOf = (value) =>
  value
    .split(/\s*[;,]\s*(?:(?:and|und|et|y|e)\s+)?|\s+(?:and|&)\s+/)
    .map((part) => part.trim())
    .filter(Boolean);

/** Split a value at commas, semicolons and "and" into values of the same list. */
export const splitValue = (key) => (state) => {
  const found = findValue(state, key);
  const parts = found ? partsOf(found.value) : [];
  if (parts.length < 2) return state;
  const rows = parts.map((value, i) => ({ id: i ? newId() : key, value }));
  const split = onAward(state, found.award.id, (award) => ({
    ...award,
    [found.slot]: award[found.slot].flatMap((item) => (item.id === key ? rows : [item])),
  }));
  return forgetting(split, key);
};

/** Say which organisation a funder means; null takes it back. */
export const setLink = (id, link) => (state) => ({
  ...state,
  funders: state.funders.map((row) => (row.id === id ? { ...row, link } : row)),
});

/** Take another list of funders, as the raw JSON tab gives it; rows that are still there keep ids. */
export const replaceFunders = (funders) => (state) => {
  const here = standing(state);
  const next = keepIds(here, fromAnswer({ funders }).funders);
  return JSON.stringify(next) === JSON.stringify(here) ? state : { ...state, funders: next };
};

/** The funders without what is struck through. */
function standing({ funders, rejected }) {
  const keep = (item) => !(item.id in rejected);
  const award = (row) => ({ ...row, ...Object.fromEntries(SLOTS.map((slot) => [slot, row[slot].filter(keep)])) });
  return funders
    .filter((funder) => !(`${funder.id}:name` in rejected))
    .map((funder) => ({ ...funder, awards: funder.awards.map(award) }));
}
