// Saving, skipping, flagging and taking back: sent in the background while the next paper opens.

import { askText } from "./ask.js";
import { newId } from "./answer.js";
import { askConflict } from "./conflict.js";
import { createOutbox } from "./outbox.js";
import { giveReasons } from "./draft.js";
import { askReasons } from "./reasons.js";
import { t } from "../texts.js";
import { dropDraft, saveDraft } from "./storage.js";

const REMEMBERED = 50; // decisions of this visit that u goes back through, one after the other
const SLIP_MS = 400; // a second press so soon after the next paper came was meant for the last one

/** Whether two openings show the same paper in the same state. */
const isSame = (a, b) =>
  b !== null && a.id === b.id && a.payload.head === b.payload.head && a.payload.proposal?.id === b.payload.proposal?.id;

/**
 * `ctx` has root, api, toasts, clock, prefetch, opening, screen, form, review, filters, rawWrong,
 * saveState, pace, trail, onChange.
 */
export function createDecisions(ctx) {
  const taken = []; // decisions of this visit, newest last: {entry, result}
  let advanced = -Infinity;

  const outbox = createOutbox(ctx.api, {
    sending: (entry) => ctx.saveState.set(entry, "saving"),
    saved(entry, result) {
      ctx.saveState.set(entry, "saved");
      ctx.pace.later();
      const place = taken.find((each) => each.entry === entry);
      if (place) place.result = result;
      else taken.push({ entry, result }); // sent by an earlier page
      ctx.prefetch.forget(entry.recordId);
      ctx.toasts.dismiss(`wait-${entry.recordId}`);
      arrived(entry, result);
    },
    waiting(entry, error) {
      ctx.saveState.set(entry, "waiting");
      ctx.toasts.show(t("cockpit.waiting", { name: entry.name, why: error.message }), {
        id: `wait-${entry.recordId}`,
        kind: "bad",
        stay: true,
        actions: [
          { label: t("cockpit.try_now"), run: () => outbox.retry() },
          { label: t("cockpit.open_it"), run: () => ctx.opening.open(entry.recordId) },
        ],
      });
    },
    refused(entry, error) {
      ctx.saveState.set(entry, "refused");
      forget(entry);
      keep(entry);
      ctx.toasts.show(t("cockpit.refused", { name: entry.name, why: error.message }), {
        id: `wait-${entry.recordId}`,
        kind: "bad",
        stay: true,
        actions: [{ label: t("cockpit.open_it"), run: () => ctx.opening.open(entry.recordId).then(() => ctx.review?.refuse(error)) }],
      });
    },
    conflict(entry, theirs) {
      ctx.saveState.set(entry, "conflict");
      forget(entry);
      keep(entry);
      ctx.prefetch.forget(entry.recordId);
      const ask = () => resolve(entry, theirs);
      if (!busy(entry.recordId)) {
        ask();
        return;
      }
      ctx.toasts.show(`${entry.name}: ${theirs.error}`, {
        id: `wait-${entry.recordId}`,
        kind: "warn",
        stay: true,
        actions: [{ label: t("cockpit.compare"), run: ask }],
      });
    },
  });

  const forget = (entry) => {
    const at = taken.findIndex((each) => each.entry === entry);
    if (at >= 0) taken.splice(at, 1);
  };

  /** Work that the server did not take goes back to the browser's store. */
  function keep({ recordId, body, kept }, base = body.base_seq) {
    if (!body.answer) return;
    saveDraft(recordId, { ...kept, base_seq: base, answer: body.answer, accepted: body.accepted, reasons: body.reasons, dirty: true });
  }

  async function resolve(entry, theirs) {
    const choice = await askConflict(ctx.root, entry, theirs);
    const { recordId, body } = entry;
    if (choice) ctx.saveState.set(entry, null);
    if (choice === "mine") {
      send({ ...entry, body: { ...body, base_seq: theirs.head, client_event_id: newId() } });
    } else if (choice === "theirs") {
      drop(recordId);
      ctx.toasts.show(t("cockpit.theirs_stays", { name: entry.name }));
      if (ctx.review?.id === recordId) await ctx.opening.open(recordId);
    } else if (choice === "merge") {
      const start = body.answer && { ...entry.kept, answer: body.answer, accepted: body.accepted, base_seq: theirs.head, reason: "merge" };
      if (start) keep(entry, theirs.head);
      await ctx.opening.open(recordId, { start });
    }
  }

  function send(entry) {
    taken.push({ entry, result: null });
    if (taken.length > REMEMBERED) taken.shift();
    outbox.send(entry);
    ctx.toasts.show(`${t(`cockpit.sent.${entry.body.action}`)} ${t("cockpit.sent.back")}`, undoable());
  }

  const undoable = () => ({ id: "saved", actions: [{ label: t("cockpit.undo"), run: () => undo() }] });

  /** The server has it: the open paper goes on from there, the list may have changed. */
  function arrived({ recordId, body, edited, kept }, result) {
    const { review } = ctx;
    ctx.onChange?.({ recordId, status: result.status, head: result.seq, dirty: false });
    if (edited && body.action !== "save" && body.action !== "no_funding") {
      saveDraft(recordId, { ...kept, base_seq: result.seq, answer: edited, accepted: body.accepted, dirty: true });
    }
    if (review?.id !== recordId) {
      ctx.opening.renew();
      return;
    }
    review.base_seq = result.seq;
    const here = JSON.stringify(review.draft.send().answer.funders);
    if (!body.answer || JSON.stringify(body.answer.funders) === here) ctx.opening.open(recordId, { fresh: true });
  }

  /** Somebody is in the middle of something: a dialog would take the keys away. */
  function busy(recordId) {
    if (ctx.root.querySelector("dialog[open]")) return true;
    const { review } = ctx;
    if (!review || review.id === recordId) return false;
    return Boolean(ctx.form.editing) || review.draft.canUndo;
  }

  /** Why the paper cannot be accepted as it is, or null. */
  function blocked() {
    if (ctx.rawWrong) return t("cockpit.raw.blocked");
    const { draft, payload } = ctx.review;
    const { answer } = draft.send();
    const nothing = !answer.statements.length && !answer.funders.length;
    const unread = !payload.proposal || payload.proposal.error;
    if (!nothing || !unread || payload.head) return null;
    return t("cockpit.blocked");
  }

  function drop(recordId) {
    dropDraft(recordId);
    if (ctx.review?.id === recordId) ctx.review.forget();
  }

  /** Decide on the open paper and go on to the next at once. */
  async function decide(action, note = null) {
    const { review } = ctx;
    if (!review || performance.now() - advanced < SLIP_MS) return;
    const { draft } = review;
    const kept = review.kept();
    const entry = {
      recordId: review.id,
      name: review.payload.document.name,
      filters: ctx.filters,
      body: {
        base_seq: review.base_seq,
        action,
        answer: action === "save" ? draft.send().answer : null,
        accepted: draft.acceptedPaths(),
        reasons: action === "save" ? kept.reasons : {},
        note,
        lead_ms: ctx.clock.read(),
        client_event_id: newId(),
      },
      edited: draft.dirty ? draft.send().answer : null,
      kept,
    };
    review.forget();
    ctx.trail.decided(review.id);
    const next = ctx.trail.open() ?? review.payload.position?.next ?? null;
    send(entry);
    if (next !== null) {
      ctx.trail.along(next);
      await ctx.opening.open(next);
      advanced = performance.now();
    } else ctx.toasts.show(`${t(`cockpit.sent.${action}`)} ${t("cockpit.sent.last")} ${t("cockpit.sent.back")}`, undoable());
  }

  /** Accept or save. Each value that is not in the text needs a reason to stay. */
  async function accept() {
    const { review } = ctx;
    if (!review || performance.now() - advanced < SLIP_MS) return;
    const problem = blocked();
    if (problem) {
      ctx.toasts.show(problem, { kind: "warn", id: "blocked" });
      return;
    }
    await review.grounding.settled();
    if (review !== ctx.review) {
      // The same paper opened anew meanwhile, with nothing new on it, is what was accepted.
      if (isSame(review, ctx.review)) await accept();
      return;
    }
    const open = review.unexplained().map(({ key }) => key);
    if (open.length && !(await explain(open))) return;
    decide("save");
  }

  /** Ask why these fields stay; false when it was called off. */
  async function explain(keys) {
    const { review } = ctx;
    if (ctx.root.querySelector("dialog[open]")) return false;
    const fields = review.fields().filter(({ key }) => keys.includes(key));
    const given = await askReasons(ctx.root, fields);
    if (!given || review !== ctx.review) return false;
    review.change(giveReasons(given));
    return true;
  }

  async function flag() {
    const { review } = ctx;
    if (!review) return;
    const note = await askText(ctx.root, { title: t("cockpit.flag_title"), label: t("cockpit.flag_note"), confirm: t("cockpit.flag") });
    if (note !== null && review === ctx.review) decide("flag", note || null);
  }

  /** Take back the last decision: of this visit, else the newest of the open paper. */
  async function undo() {
    ctx.toasts.dismiss("saved");
    const last = taken.at(-1); // stays until the answer is in, which is put to what is listed
    if (!last) {
      if (ctx.review?.payload.head > 0) await takeBack(ctx.review.id, ctx.review.base_seq, null);
      return;
    }
    const { entry } = last;
    if (!last.result) await outbox.settled(entry.recordId, 1500);
    forget(entry);
    if (!last.result) {
      outbox.drop(entry); // it never arrived, as far as we know
      ctx.saveState.set(entry, null);
      ctx.toasts.dismiss(`wait-${entry.recordId}`);
      ctx.trail.along(entry.recordId);
      await ctx.opening.open(entry.recordId, { start: startOf(entry, entry.body.base_seq) });
      return;
    }
    await takeBack(entry.recordId, last.result.seq, entry);
  }

  async function takeBack(recordId, base, entry) {
    try {
      const result = await ctx.api.undo(recordId, { base_seq: base, client_event_id: newId() });
      ctx.prefetch.forget(recordId);
      if (entry) ctx.saveState.set(entry, null);
      ctx.toasts.show(entry ? t("cockpit.taken_back", { name: entry.name }) : t("cockpit.taken_back_last"));
      ctx.trail.along(recordId);
      await ctx.opening.open(recordId, { start: entry && startOf(entry, result.seq) });
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      if (error.retry && entry) taken.push({ entry, result: { seq: base } });
      ctx.toasts.show(t("cockpit.not_taken_back", { why: error.message }), { kind: "bad", stay: true });
      if (error.conflict) await ctx.opening.open(recordId);
    }
  }

  /** Edits of a decision that was taken back are still there to go on with. */
  const startOf = (entry, base) =>
    entry.edited
      ? { ...entry.kept, answer: entry.edited, accepted: entry.body.accepted, base_seq: base, reason: "undone" }
      : null;

  /** Go back to an older revision of the open paper, by a new one. */
  async function restore(seq) {
    const { review } = ctx;
    if (review.draft.dirty) {
      ctx.toasts.show(t("review.restore_edits"), { kind: "warn", id: "restore" });
      return;
    }
    const { id, payload, base_seq: base } = review;
    const body = { seq, base_seq: base, lead_ms: ctx.clock.read(), client_event_id: newId() };
    try {
      const result = await ctx.api.restore(id, body);
      const entry = { recordId: id, name: payload.document.name, body: { ...body, action: "restore" }, edited: null };
      taken.push({ entry, result });
      ctx.prefetch.forget(id);
      ctx.onChange?.({ recordId: id, status: result.status, head: result.seq, dirty: false });
      await ctx.opening.open(id, { fresh: true });
      ctx.toasts.show(t("review.restored", { seq }), undoable());
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      ctx.toasts.show(t("review.not_restored", { why: error.message }), { kind: "bad", stay: true });
      if (error.conflict) await ctx.opening.open(id);
    }
  }

  return {
    accept, decide, explain, flag, restore, undo, outbox,
    noFunding: () => decide("no_funding"),
    skip: () => decide("skip"),
    get canUndo() {
      return taken.length > 0 || (ctx.review?.payload.head ?? 0) > 0;
    },
    destroy() {
      outbox.destroy();
    },
  };
}
