// Opens papers: asks for them, puts back unsaved edits, and waits for a proposal that is on its way.

import { may, whyNot } from "../people/role.js";
import { t } from "../texts.js";
import { signature } from "./answer.js";
import { Review } from "./review.js";
import { dropDraft } from "./storage.js";

const POLL_MS = 1500;
const clock = (at) => new Date(at).toLocaleTimeString(undefined, { timeStyle: "short" });

/** `ctx` has api, prefetch, decisions, screen, panel, toasts, trail, filters, review. */
export function createOpening(ctx) {
  let turn = 0;
  let timer = 0;
  const hear = {
    changed: () => ctx.screen.refresh(),
    refused(error, placed) {
      ctx.screen.refresh();
      const text = error.retry ? t("cockpit.notice.unchecked", { why: error.message }) : error.message;
      if (!placed) ctx.toasts.show(text, { id: "ground", kind: "warn" });
    },
  };

  /** Open a paper. `start` puts a draft upon it; `fresh` leaves unsaved edits behind. */
  async function open(id, { start = null, fresh = false, ready = null } = {}) {
    const mine = (turn += 1);
    clearTimeout(timer);
    close(fresh);
    ctx.screen.wait(true);
    try {
      if (ctx.decisions.outbox.unsent(id)) await ctx.decisions.outbox.settled(id, 3000);
      const payload = ready ?? (await ask(id));
      if (mine !== turn) return;
      const from = start ?? (fresh ? null : found(id, payload));
      const review = new Review({ payload, api: ctx.api, hear, start: from });
      review.restored = from?.reason ? from : null;
      ctx.review = review;
      ctx.lease.opened(id);
      ctx.trail.opened(id, payload.status !== "proposed");
      if (from?.reason) review.store();
      ctx.screen.shown(review);
      poll();
    } catch (error) {
      if (mine !== turn) return;
      if (error.name !== "ApiError") throw error;
      if (error.status === 404) ctx.trail.drop(id);
      ctx.screen.failed(id, error);
    } finally {
      if (mine === turn) ctx.screen.wait(false);
    }
  }

  function close(fresh) {
    if (fresh) ctx.review?.forget();
    ctx.review?.close();
    ctx.review = null;
  }

  async function ask(id) {
    const ahead = ctx.prefetch.take(id, ctx.filters);
    const payload = ahead && (await ahead.catch(() => null));
    if (payload) setTimeout(() => renew(), 400); // its place in the list may be old by now
    return payload ?? ctx.api.record(id, ctx.filters, ctx.trail.passed());
  }

  /** Edits of an earlier visit, or of a decision that is still on its way. */
  function found(id, payload) {
    const unsent = ctx.decisions.outbox.unsent(id)?.body;
    if (unsent?.answer) return { ...unsent, reason: "unsent" };
    const kept = Review.stored(id);
    if (!kept) return null;
    const current = kept.base_seq === payload.head;
    const changed = kept.dirty && signature(kept.answer) !== signature(payload.answer);
    if (changed) return { ...kept, reason: current ? "kept" : "outdated" };
    if (!current) dropDraft(id);
    return current ? { ...kept, reason: null } : null;
  }

  function poll() {
    clearTimeout(timer);
    const state = ctx.review?.payload.job?.state;
    if (state === "queued" || state === "running") timer = setTimeout(renew, POLL_MS);
  }

  /** Ask again how the open paper stands, without disturbing who works on it. */
  async function renew() {
    const { review } = ctx;
    if (!review) return;
    try {
      const payload = await ctx.api.record(review.id, ctx.filters, ctx.trail.passed());
      if (review === ctx.review) arrived(review, payload);
    } catch (error) {
      if (error.name !== "ApiError") throw error;
    }
    poll();
  }

  function arrived(review, payload) {
    const { draft } = review;
    const newer = payload.head !== review.payload.head || payload.proposal?.id !== review.payload.proposal?.id;
    if (newer && !draft.dirty && !draft.canUndo) {
      open(review.id, { ready: payload });
      return;
    }
    if (newer) review.late = payload.head !== review.payload.head ? "revision" : "proposal";
    const { answer, fields, head, status } = review.payload;
    review.payload = newer ? { ...payload, answer, fields, head, status } : payload;
    ctx.screen.renewed(review);
  }

  /** What to say above the form of the open paper. */
  function notices(review) {
    return [looking(), blind(review), flagged(review), restored(review), late(review), job(review), unread(review)].filter(Boolean);
  }

  const looking = () => (may("curator") ? null : { text: whyNot() });

  /** Who flagged the paper, when and why. */
  function flagged({ payload: { status, revisions } }) {
    if (status !== "flagged") return null;
    const flag = revisions.findLast(({ verdict, note }) => verdict === "flagged" && note) ?? revisions.at(-1);
    const when = new Date(flag.created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    return { text: t("review.flagged", { who: flag.actor, when, why: flag.note ?? t("review.no_reason") }), kind: "warn" };
  }

  const blind = ({ payload }) => (payload.blind ? { text: t("quality.blind", { n: payload.readers }) } : null);

  function restored({ id, restored: from, payload }) {
    if (!from) return null;
    const discard = { label: t("cockpit.notice.discard"), name: "discard", run: () => open(id, { fresh: true }) };
    const who = payload.revisions.at(-1)?.actor ?? t("cockpit.notice.somebody");
    const text = t(`cockpit.notice.${from.reason}`, { who, time: clock(from.at) });
    const kind = from.reason === "outdated" ? "warn" : "info";
    return { text, kind, actions: from.reason === "unsent" ? [] : [discard] };
  }

  function late({ id, late: what }) {
    if (!what) return null;
    const text = t(what === "proposal" ? "cockpit.notice.late_proposal" : "cockpit.notice.late_revision");
    const actions = what === "proposal" ? [{ label: t("cockpit.notice.show"), name: "show-proposal", run: () => open(id, { fresh: true }) }] : [];
    return { text, kind: "warn", actions };
  }

  function job({ id, payload }) {
    const { job: task, proposal } = payload;
    if (task?.state === "queued") return { text: t("cockpit.notice.queued"), busy: true };
    if (task?.state === "running") return { text: t("cockpit.notice.running"), busy: true };
    const again = may("curator") ? [{ label: t("cockpit.notice.again"), name: "propose", run: () => propose(id) }] : [];
    if (task?.state === "failed") {
      return { text: t("cockpit.notice.failed", { why: task.error ?? "" }).trim(), kind: "bad", actions: again };
    }
    if (proposal || payload.head) return null;
    return { text: t("cockpit.notice.none"), actions: again };
  }

  function unread({ payload: { proposal, head } }) {
    if (!proposal?.error || head) return null;
    const some = proposal.statements.length + proposal.funders.length > 0;
    return {
      text: some ? proposal.error : t("cockpit.notice.unread", { why: proposal.error }),
      kind: some ? "warn" : "bad",
      actions: proposal.raw ? [{ label: t("cockpit.notice.show_reply"), name: "show-reply", run: () => ctx.panel.show("reply") }] : [],
    };
  }

  async function propose(id) {
    try {
      await ctx.api.propose(id);
      await renew();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      ctx.toasts.show(error.message, { kind: "bad", stay: true });
    }
  }

  /** The paper before or after the open one: along the way of this tab, else in the queue. */
  const beside = (where) => ctx.trail[where]() ?? ctx.review?.payload.position?.[where] ?? null;

  return {
    open, notices, renew, beside,
    destroy() {
      turn += 1;
      clearTimeout(timer);
      close(false);
    },
  };
}
