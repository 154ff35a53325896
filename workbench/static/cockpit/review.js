// The paper under review: what the server told of it, the draft upon it, and what each field shows.

import { KIND_NAMES, fieldsOf, keyOfError, kindOf } from "./answer.js";
import { Draft } from "./draft.js";
import { Grounding } from "./grounding.js";
import { LinkFacts } from "./link-facts.js";
import { saidOf } from "./said.js";
import { dropDraft, loadDraft, saveDraft } from "./storage.js";
import { debounce } from "./dom.js";
import { t } from "../texts.js";

const alignment = (name) => ({ text: t(`cockpit.alignment.${name}`), title: t(`cockpit.alignment_title.${name}`) });
export const ALIGNMENTS = {
  exact: alignment("exact"),
  normalised: alignment("normalised"),
  fuzzy: alignment("fuzzy"),
  absent: alignment("absent"),
  pending: alignment("pending"),
  none: { text: "", title: "" },
};
const DOUBT = { absent: 0, fuzzy: 1 };

export class Review {
  /** `start` {answer, accepted, base_seq, state, said} puts a draft upon what the server told. */
  constructor({ payload, api, hear, start = null }) {
    this.payload = payload;
    this.base_seq = start?.base_seq ?? payload.head;
    this.draft = new Draft(payload.answer, start);
    this.draft.putReasons(payload.revisions.at(-1)?.reasons ?? {});
    this.said = start?.said ? new Map(start.said) : saidOf(fieldsOf(this.draft.state), payload.proposal);
    this.selected = null;
    this.errors = new Map();
    this.facts = new LinkFacts();
    this.hear = hear;
    this.grounding = new Grounding((answer, signal) => api.ground(payload.id, answer, signal), {
      changed: () => hear.changed(),
      told: (found, sent) => this.facts.learn(found, sent),
      refused: (error, keys) => this.refuse(error, keys),
    });
    const plain = start ? new Draft(payload.answer).state : this.draft.state;
    if (!start) this.facts.learn(payload, this.draft.send());
    if (!start) this.grounding.seed(plain, payload.fields, payload.answer.statements);
    else this.#seedByValue();
    this.grounding.refresh(this.draft.state, this.facts.wants(this.draft.state));
    this.keep = debounce(() => this.store(), 400);
  }

  get id() {
    return this.payload.id;
  }

  /** A restored draft may have other paths, so what is known is matched by kind and value. */
  #seedByValue() {
    const { answer, fields, proposal } = this.payload;
    const all = [...(proposal?.fields ?? []), ...fields];
    const known = new Map(all.map((f) => [`${kindOf(f.path)} ${f.value}`, f]));
    const texts = [...(proposal?.statements ?? []), ...answer.statements];
    const statements = new Map(texts.map((s) => [s.text, s]));
    for (const field of fieldsOf(this.draft.state)) {
      const found = field.kind === "statement" ? statements.get(field.value) : known.get(`${field.kind} ${field.value}`);
      if (found) this.grounding.put(field.key, field.value, found);
    }
  }

  /** All fields in the form's order, with what is known of each. */
  fields() {
    const { accepted, reasons } = this.draft.state;
    const hints = this.facts.sentences(this.draft.state);
    return fieldsOf(this.draft.state).map((field) => ({
      ...field,
      hint: hints.get(field.key) ?? null,
      ...this.grounding.of(field),
      accepted: field.key in accepted,
      reason: reasons[field.key] ?? null,
      said: this.said.get(field.key) ?? null,
      comments: this.comments(field).length,
      error: this.errors.get(field.key) ?? null,
    }));
  }

  /** What was said of a field: by its kind and words, so that a row may move. */
  comments({ kind, value }) {
    const all = this.payload.comments ?? [];
    return all.filter((each) => each.path && kindOf(each.path) === kind && each.value === value.trim());
  }

  /** What to look at: absent values first, then fuzzy ones; checked and explained ones leave. */
  attention(fields = this.fields()) {
    return fields
      .filter((field) => (field.alignment in DOUBT || field.error) && !field.accepted && !field.rejected)
      .filter((field) => !(field.alignment === "absent" && field.reason) || field.error)
      .sort((a, b) => (DOUBT[a.alignment] ?? 2) - (DOUBT[b.alignment] ?? 2));
  }

  /** Values that are not in the text and of which nobody said why they stay. */
  unexplained(fields = this.fields()) {
    return fields.filter((field) => field.alignment === "absent" && !field.rejected && !field.reason);
  }

  marks(fields = this.fields()) {
    const placed = fields.filter((field) => field.span);
    const order = (field) => (field.kind === "statement" ? 0 : 1);
    const values = placed
      .sort((a, b) => order(a) - order(b))
      .map(({ key, kind, alignment, rejected, value, span }) => ({
        key,
        kind,
        alignment: rejected ? "rejected" : alignment,
        start: span.start,
        end: span.end,
        boxes: span.boxes ?? [],
        label: `${KIND_NAMES[kind]}: ${value.length > 90 ? `${value.slice(0, 90)}…` : value}`,
      }));
    return [...this.#passages(), ...values];
  }

  /** What the model read of a PDF: a hint of where to look when it found nothing. */
  #passages() {
    return (this.payload.proposal?.passages ?? [])
      .filter(({ boxes }) => boxes.length)
      .map(({ start, end, boxes }, i) => ({
        key: `passage:${i}`,
        kind: "passage",
        alignment: "none",
        start,
        end,
        boxes,
        label: t("cockpit.passage"),
      }));
  }

  /** Apply an edit; false when it changes nothing. */
  change(edit, merge = null) {
    if (!this.draft.apply(edit, merge)) return false;
    this.#changed();
    return true;
  }

  undo() {
    return this.draft.undo() && this.#changed();
  }

  redo() {
    return this.draft.redo() && this.#changed();
  }

  #changed() {
    this.errors.clear();
    this.grounding.refresh(this.draft.state, this.facts.wants(this.draft.state));
    this.keep();
    this.hear.changed();
    return true;
  }

  /** Show a refusal of the server at the fields that it means. */
  refuse(error, keys = this.draft.send().keys) {
    this.errors.clear();
    for (const { path, message } of error.body?.errors ?? []) {
      const key = keyOfError(path, keys);
      if (key) this.errors.set(key, message);
    }
    this.hear.refused(error, this.errors.size > 0);
  }

  /** Keep the draft in the browser, or forget it when nothing is left of it. */
  store() {
    const { draft } = this;
    const { accepted, reasons } = draft.state;
    if (!draft.dirty && !Object.keys(accepted).length && !Object.keys(reasons).length) {
      dropDraft(this.id);
      return;
    }
    saveDraft(this.id, {
      base_seq: this.base_seq,
      answer: draft.send().answer,
      dirty: draft.dirty,
      ...this.kept(),
    });
  }

  /** What a draft is besides its answer: ticks, reasons, what is struck through, the model's words. */
  kept() {
    const { draft } = this;
    return { accepted: draft.acceptedPaths(), reasons: draft.reasons(), state: draft.state, said: [...this.said] };
  }

  forget() {
    this.keep.cancel();
    dropDraft(this.id);
  }

  static stored(recordId) {
    return loadDraft(recordId);
  }

  close() {
    this.keep.flush();
    this.grounding.destroy();
  }
}
