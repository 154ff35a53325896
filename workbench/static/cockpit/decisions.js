// Saving, skipping, flagging and taking back: sent in the background while the next paper opens.

import { askText } from "./ask.js";
import { newId } from "./answer.js";
import { askConflict } from "./conflict.js";
import { createOutbox } from "./outbox.js";
import { dropDraft, saveDraft } from "./storage.js";

const SENT = { save: "Saved.", no_funding: "Saved: no funding.", skip: "Skipped.", flag: "Flagged." };
const BACK = "u to undo";
const CONFIRM_MS = 5000;
const SLIP_MS = 400; // a second press so soon after the next paper came was meant for the last one

/** `ctx` has root, api, toasts, clock, prefetch, opening, screen, form, review, filters, rawWrong, onChange. */
export function createDecisions(ctx) {
  const taken = []; // decisions of this visit, newest last: {entry, result}
  let confirming = null;
  let timer = 0;
  let advanced = -Infinity;

  const outbox = createOutbox(ctx.api, {
    saved(entry, result) {
      const place = taken.find((each) => each.entry === entry);
      if (place) place.result = result;
      else taken.push({ entry, result }); // sent by an earlier page
      ctx.prefetch.forget(entry.recordId);
      ctx.toasts.dismiss(`wait-${entry.recordId}`);
      arrived(entry, result);
    },
    waiting(entry, error) {
      ctx.toasts.show(`${entry.name} is not saved yet. ${error.message}`, {
        id: `wait-${entry.recordId}`,
        kind: "bad",
        stay: true,
        actions: [
          { label: "Try now", run: () => outbox.retry() },
          { label: "Open it", run: () => ctx.opening.open(entry.recordId) },
        ],
      });
    },
    refused(entry, error) {
      forget(entry);
      keep(entry);
      ctx.toasts.show(`${entry.name} was not saved. ${error.message}`, {
        id: `wait-${entry.recordId}`,
        kind: "bad",
        stay: true,
        actions: [{ label: "Open it", run: () => ctx.opening.open(entry.recordId).then(() => ctx.review?.refuse(error)) }],
      });
    },
    conflict(entry, theirs) {
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
        actions: [{ label: "Compare", run: ask }],
      });
    },
  });

  const forget = (entry) => {
    const at = taken.findIndex((each) => each.entry === entry);
    if (at >= 0) taken.splice(at, 1);
  };

  /** Work that the server did not take goes back to the browser's store. */
  function keep({ recordId, body }, base = body.base_seq) {
    if (!body.answer) return;
    saveDraft(recordId, { base_seq: base, answer: body.answer, accepted: body.accepted, dirty: true });
  }

  async function resolve(entry, theirs) {
    const choice = await askConflict(ctx.root, entry, theirs);
    const { recordId, body } = entry;
    if (choice === "mine") {
      send({ ...entry, body: { ...body, base_seq: theirs.head, client_event_id: newId() } });
    } else if (choice === "theirs") {
      drop(recordId);
      ctx.toasts.show(`${entry.name}: their version stays.`);
      if (ctx.review?.id === recordId) await ctx.opening.open(recordId);
    } else if (choice === "merge") {
      const start = body.answer && { answer: body.answer, accepted: body.accepted, base_seq: theirs.head, reason: "merge" };
      if (start) keep(entry, theirs.head);
      await ctx.opening.open(recordId, { start });
    }
  }

  function send(entry) {
    taken.push({ entry, result: null });
    outbox.send(entry);
    ctx.toasts.show(`${SENT[entry.body.action]} ${BACK}`, undoable());
  }

  const undoable = () => ({ id: "saved", actions: [{ label: "Undo", run: () => undo() }] });

  /** The server has it: the open paper goes on from there, the list may have changed. */
  function arrived({ recordId, body, edited }, result) {
    const { review } = ctx;
    ctx.onChange?.({ recordId, status: result.status, head: result.seq, dirty: false });
    if (edited && body.action !== "save" && body.action !== "no_funding") {
      saveDraft(recordId, { base_seq: result.seq, answer: edited, accepted: body.accepted, dirty: true });
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
    if (ctx.rawWrong) return "The JSON is not valid yet. Correct it, or go back to the form with t.";
    const { draft, payload } = ctx.review;
    const { answer } = draft.send();
    const nothing = !answer.statements.length && !answer.funders.length;
    const unread = !payload.proposal || payload.proposal.error;
    if (!nothing || !unread || payload.head) return null;
    return "There is nothing to accept yet. Add a funder, or press N if the paper names no funding.";
  }

  function drop(recordId) {
    dropDraft(recordId);
    if (ctx.review?.id === recordId) ctx.review.forget();
  }

  /** Decide on the open paper and go on to the next at once. */
  async function decide(action, note = null) {
    const { review } = ctx;
    if (!review || performance.now() - advanced < SLIP_MS) return;
    settle();
    const { draft } = review;
    const entry = {
      recordId: review.id,
      name: review.payload.document.name,
      filters: ctx.filters,
      body: {
        base_seq: review.base_seq,
        action,
        answer: action === "save" ? draft.send().answer : null,
        accepted: draft.acceptedPaths(),
        note,
        lead_ms: ctx.clock.read(),
        client_event_id: newId(),
      },
      edited: draft.dirty ? draft.send().answer : null,
    };
    review.forget();
    const next = review.payload.position?.next ?? null;
    send(entry);
    if (next !== null) {
      await ctx.opening.open(next);
      advanced = performance.now();
    } else ctx.toasts.show(`${SENT[action]} That was the last paper of this list. ${BACK}`, undoable());
  }

  /** Accept or save. Values that are not in the text and not ticked ask for a second press. */
  function accept() {
    const { review } = ctx;
    if (!review || performance.now() - advanced < SLIP_MS) return;
    const problem = blocked();
    if (problem) {
      ctx.toasts.show(problem, { kind: "warn", id: "blocked" });
      return;
    }
    const absent = review.absent().length;
    if (absent && !confirming) {
      const values = absent === 1 ? "1 value is" : `${absent} values are`;
      confirming = `${values} not in the text: press again to ${review.draft.dirty ? "save" : "accept"}.`;
      timer = setTimeout(settle, CONFIRM_MS);
      ctx.toasts.show(confirming, { kind: "warn", id: "confirm" });
      ctx.screen.refresh();
      return;
    }
    decide("save");
  }

  function settle() {
    clearTimeout(timer);
    ctx.toasts.dismiss("confirm");
    const was = confirming;
    confirming = null;
    if (was) ctx.screen.refresh();
  }

  async function flag() {
    const { review } = ctx;
    if (!review) return;
    const note = await askText(ctx.root, { title: "Flag this paper", label: "What is wrong? A short note", confirm: "Flag" });
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
      ctx.toasts.dismiss(`wait-${entry.recordId}`);
      await ctx.opening.open(entry.recordId, { start: startOf(entry, entry.body.base_seq) });
      return;
    }
    await takeBack(entry.recordId, last.result.seq, entry);
  }

  async function takeBack(recordId, base, entry) {
    try {
      const result = await ctx.api.undo(recordId, { base_seq: base, client_event_id: newId() });
      ctx.prefetch.forget(recordId);
      ctx.toasts.show(entry ? `Taken back: ${entry.name}.` : "The last decision was taken back.");
      await ctx.opening.open(recordId, { start: entry && startOf(entry, result.seq) });
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      if (error.retry && entry) taken.push({ entry, result: { seq: base } });
      ctx.toasts.show(`Nothing was taken back. ${error.message}`, { kind: "bad", stay: true });
      if (error.conflict) await ctx.opening.open(recordId);
    }
  }

  /** Edits of a decision that was taken back are still there to go on with. */
  const startOf = (entry, base) =>
    entry.edited ? { answer: entry.edited, accepted: entry.body.accepted, base_seq: base, reason: "undone" } : null;

  return {
    accept, decide, flag, undo, outbox, settle,
    noFunding: () => decide("no_funding"),
    skip: () => decide("skip"),
    get confirming() {
      return confirming;
    },
    get canUndo() {
      return taken.length > 0 || (ctx.review?.payload.head ?? 0) > 0;
    },
    destroy() {
      clearTimeout(timer);
      outbox.destroy();
    },
  };
}
