// What can be done to the fields of the open paper. Each action is one step of undo.

import { SLOTS, newId } from "./answer.js";
import { asValue, assign } from "./assign.js";
import {
  addAward, addFunder, addStatement, addValue, moveAward, moveRow, removeField, removeRow, setLink, setValue,
  splitValue, toggleAccepted, toggleRejected,
} from "./draft.js";
import { t } from "../texts.js";

/** `ctx` has review (or null), form, pane, toasts. */
export function createActions(ctx) {
  const fields = () => ctx.review?.fields() ?? [];
  const selected = () => fields().find((field) => field.key === ctx.review.selected) ?? null;
  const typing = (key) => `type ${key}`; // adding a value and typing it is one step

  function step(by, from = ctx.review?.selected, edit = false) {
    const keys = fields().map((field) => field.key);
    if (!keys.length) return false;
    const at = keys.indexOf(from);
    const to = at < 0 ? (by > 0 ? 0 : keys.length - 1) : at + by;
    if (to < 0 || to >= keys.length) return false;
    if (edit) ctx.form.edit(keys[to]);
    else ctx.form.select(keys[to]);
    return true;
  }

  /** Add a row with an id that is known, and edit it. */
  function put(edit, key) {
    ctx.review?.change(edit, typing(key));
    ctx.form.edit(key);
  }

  function newStatement(after = null) {
    const id = newId();
    put(addStatement(id, {}, after), id);
  }

  function newFunder(after = null) {
    const id = newId();
    put(addFunder(id, "", after), `${id}:name`);
  }

  function newAward(funderId, after = null) {
    const [award, value] = [newId(), newId()];
    const add = addAward(award, funderId, after);
    put((state) => addValue(value, award, "award_ids")(add(state)), value);
  }

  function newValue(awardId, slot, after = null) {
    const id = newId();
    put(addValue(id, awardId, slot, "", after), id);
  }

  /** The row of the selection: a value moves with its award. */
  const rowOf = (field) => field.award ?? field.row;

  function removeAnd(edit, key) {
    const keys = fields().map((field) => field.key);
    const at = keys.indexOf(key);
    if (!ctx.review?.change(edit)) return false;
    const left = new Set(fields().map((field) => field.key));
    const next = [...keys.slice(at + 1), ...keys.slice(0, Math.max(0, at)).reverse()].find((k) => left.has(k));
    if (next) ctx.form.select(next);
    return true;
  }

  function move(by) {
    const field = selected();
    if (!field || !ctx.review.change(moveRow(rowOf(field), by))) return false;
    ctx.form.select(field.key);
    return true;
  }

  function tick(key, on) {
    const field = fields().find((each) => each.key === key);
    if (field?.rejected) reject(key);
    else if (!field?.path) return false;
    ctx.review.change(toggleAccepted(key));
    if (on && !field.accepted) step(1, key);
    return true;
  }

  /** Strike a field through, or bring it back; an empty one simply goes. */
  function reject(key, on = false) {
    const field = fields().find((each) => each.key === key);
    if (!field) return false;
    if (!field.value.trim() && field.kind !== "funder_name") return removeAnd(removeField(key), key);
    const whole = `${field.funder}:name`; // of a funder that was struck through, all comes back
    const target = field.rejected && !(key in ctx.review.draft.state.rejected) ? whole : key;
    ctx.review.change(toggleRejected(target));
    if (!on || field.rejected) return true;
    const next = fields().slice(fields().findIndex((each) => each.key === key) + 1).find((each) => !each.rejected);
    if (next) ctx.form.select(next.key);
    return true;
  }

  /** Put the model's words back. */
  function model(key) {
    const field = fields().find((each) => each.key === key);
    if (!field?.said || field.said.value === field.value) return false;
    const { span, alignment } = ctx.review.payload.proposal?.statements.find((s) => s.text === field.said.value) ?? {};
    const place = field.kind === "statement" && span ? { span, alignment } : null;
    ctx.review.change(setValue(key, field.said.value, place));
    ctx.form.select(key);
    return true;
  }

  const keyed = {
    nextField: () => step(1),
    previousField: () => step(-1),
    tick: () => tick(ctx.review?.selected, true),
    edit: () => Boolean(selected()) && (ctx.form.edit(selected().key), true),
    reject: () => Boolean(selected()) && reject(selected().key, true),
    takeModel: () => Boolean(selected()) && model(selected().key),
    split: () => Boolean(selected()) && Boolean(ctx.review.change(splitValue(selected().key))),
    moveUp: () => move(-1),
    moveDown: () => move(1),
    undo: () => Boolean(ctx.review?.undo()),
    redo: () => Boolean(ctx.review?.redo()),
    add() {
      const field = selected();
      if (!ctx.review) return false;
      if (!field) newFunder();
      else if (field.kind === "statement") newStatement(field.key);
      else if (field.kind === "funder_name") newFunder(field.funder);
      else newValue(field.award, field.kind, field.key);
      return true;
    },
    addAward() {
      const field = selected();
      const owner = field?.funder ?? ctx.review?.draft.state.funders.at(-1)?.id;
      if (!owner) return false;
      newAward(owner, field?.award ?? null);
      return true;
    },
    link() {
      const owner = selected()?.funder;
      if (owner) ctx.form.openLink(owner);
      return Boolean(owner);
    },
    jump() {
      const field = selected();
      if (!field) return false;
      if (!ctx.pane.focus(field.key, { always: true })) ctx.toasts.show(t("cockpit.no_place"), { kind: "warn" });
      return true;
    },
    attend() {
      const keys = ctx.review?.attention().map((field) => field.key) ?? [];
      if (!keys.length) return false;
      ctx.form.select(keys[(keys.indexOf(ctx.review.selected) + 1) % keys.length]);
      return true;
    },
  };

  const form = {
    input: (key, value) => ctx.review?.change(setValue(key, value), typing(key)),
    tick: (key) => tick(key, false),
    reject: (key) => reject(key),
    model,
    why: (key) => ctx.decisions.explain([key]),
    talk: () => ctx.panel.show("history"),
    split: (key) => ctx.review?.change(splitValue(key)),
    addStatement: () => newStatement(),
    addFunder: () => newFunder(),
    addAward: (funderId) => newAward(funderId),
    addValue: (awardId, slot) => newValue(awardId, slot),
    link: (funderId, link) => ctx.review?.change(setLink(funderId, link)),
    linkFacts: (funder) => ctx.review?.facts.of(funder) ?? null,
    findFunders: (text, signal) => ctx.api.funders(text, signal),
    moveAward: (awardId, funderId) => ctx.review?.change(moveAward(awardId, funderId)),
    row(name, id) {
      if (name !== "drop") return ctx.review?.change(moveRow(id, name === "up" ? -1 : 1));
      return removeAnd(removeRow(id), ctx.review?.selected);
    },
    /** Enter in a value adds another; in an empty one it ends the adding. */
    entered(key) {
      const field = fields().find((each) => each.key === key);
      if (!field) return;
      if (SLOTS.includes(field.kind) && field.value.trim()) newValue(field.award, field.kind, key);
      else leave(key);
    },
    emptied: (key) => removeAnd(removeField(key), key),
    tab(key, event) {
      if (step(event.shiftKey ? -1 : 1, key, true)) event.preventDefault();
    },
    /** A field left empty was not wanted. It waits a moment: the next click may be on its row. */
    leave(key) {
      ctx.review?.draft.seal();
      const { review } = ctx;
      setTimeout(() => review === ctx.review && clearEmpty(key), 200);
    },
  };

  function clearEmpty(key) {
    const field = fields().find((each) => each.key === key);
    if (!field || field.value.trim() || ctx.form.editing === key) return;
    if (field.kind === "funder_name") return; // an unnamed funder may be meant
    ctx.review.change(removeField(key), typing(key));
  }

  /** Leave editing: the field as a whole takes the focus, or its neighbour when it was empty. */
  function leave(key) {
    const field = fields().find((each) => each.key === key);
    if (!field) return false;
    if (!field.value.trim() && field.kind !== "funder_name") removeAnd(removeField(key), key);
    else ctx.form.select(key);
    return true;
  }

  /** What a kind would do with the selected words, and doing it. */
  const plan = (kind, selection, force) =>
    assign(ctx.review.draft.state, selected(), kind, selection, {
      force,
      editing: ctx.wasEditing === ctx.review.selected,
    });

  function use(kind, selection, force) {
    if (!ctx.review) return;
    const { edit, key } = plan(kind, selection, force);
    const { text, page, start, end, boxes } = selection;
    ctx.review.grounding.put(key, asValue(kind, text), { alignment: "exact", span: { page, start, end, boxes } });
    ctx.review.change(edit);
    ctx.form.select(key);
  }

  return { keyed, form, leave, plan, use, selected };
}
