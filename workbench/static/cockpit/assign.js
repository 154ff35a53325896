// Decides what a selection of the page becomes: which field it fills, or which row it adds.

import { newId } from "./answer.js";
import { addAward, addFunder, addStatement, addValue, setValue } from "./draft.js";
import { t } from "../texts.js";

const REPLACEABLE = new Set(["absent", "fuzzy", "none"]);

const short = (text) => (text.length > 28 ? `${text.slice(0, 27)}…` : text);
const chain = (...edits) => (state) => edits.reduce((now, edit) => edit(now), state);

/** A value is one line; a statement keeps its words as they stand. */
export const asValue = (kind, text) =>
  kind === "statement" ? text : text.replace(/\s+/g, " ").trim();

/**
 * `target` is the selected field or null. A field of the same kind is replaced when it is empty,
 * fuzzy or not in the text, when it was being edited, or when `force` is set; otherwise a row is added.
 * Returns {edit, key, hint}: the edit, the field that it fills, and what the menu says of it.
 */
export function assign(state, target, kind, selection, { force = false, editing = false } = {}) {
  const value = asValue(kind, selection.text);
  if (target?.kind === kind && (force || editing || (REPLACEABLE.has(target.alignment) && !target.accepted))) {
    const hint = target.value ? t("cockpit.use.replaces", { value: short(target.value) }) : t("cockpit.use.fills");
    return { edit: setValue(target.key, value, place(kind, selection)), key: target.key, hint };
  }
  if (kind === "statement") return newStatement(value, selection, target);
  if (kind === "funder_name") return newFunder(state, value, target);
  return newValue(state, kind, value, target);
}

const place = (kind, { page, start, end, boxes }) =>
  kind === "statement" ? { span: { page, start, end, boxes }, alignment: "exact" } : null;

function newStatement(text, selection, target) {
  const id = newId();
  const row = { text, ...place("statement", selection) };
  const after = target?.kind === "statement" ? target.key : null;
  return { edit: addStatement(id, row, after), key: id, hint: t("cockpit.use.statement") };
}

function newFunder(state, name, target) {
  const owner = state.funders.find((funder) => funder.id === target?.funder);
  if (owner && !owner.name.trim()) {
    const key = `${owner.id}:name`;
    return { edit: setValue(key, name), key, hint: t("cockpit.use.names") };
  }
  const id = newId();
  return { edit: addFunder(id, name, owner?.id ?? null), key: `${id}:name`, hint: t("cockpit.use.funder") };
}

function newValue(state, slot, value, target) {
  const owner = state.funders.find((funder) => funder.id === target?.funder) ?? state.funders.at(-1);
  if (!owner) return wholeNewFunder(slot, value);
  const award = owner.awards.find((row) => row.id === target?.award) ?? usual(owner, slot);
  const name = short(owner.name || t("cockpit.unnamed"));
  const id = newId();
  if (!award) {
    const awardId = newId();
    const edit = chain(addAward(awardId, owner.id), addValue(id, awardId, slot, value));
    return { edit, key: id, hint: t("cockpit.use.award", { name }) };
  }
  const empty = award[slot].find((item) => !item.value.trim());
  if (empty) return { edit: setValue(empty.id, value), key: empty.id, hint: t("cockpit.use.value", { name }) };
  const after = target?.kind === slot ? target.key : null;
  return { edit: addValue(id, award.id, slot, value, after), key: id, hint: t("cockpit.use.value", { name }) };
}

/** Without an award selected: the only one; of several, the last, but another id is another award. */
function usual(owner, slot) {
  if (slot === "award_ids" && owner.awards.length > 1) return null;
  return owner.awards.at(-1) ?? null;
}

function wholeNewFunder(slot, value) {
  const [funder, award, id] = [newId(), newId(), newId()];
  const edit = chain(addFunder(funder), addAward(award, funder), addValue(id, award, slot, value));
  return { edit, key: id, hint: t("cockpit.use.nameless", { kind: t(`cockpit.within.${slot}`) }) };
}
