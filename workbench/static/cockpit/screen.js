// Keeps all parts in step with the review: what is shown after each change.

import { may } from "../people/role.js";
import { t } from "../texts.js";

/**
 * `ctx` has review, form, header, panel, raw, history, panes, split, menu, decisions, opening,
 * prefetch, clock, toasts, filters, root, onOpen, onChange, textPane().
 */
export function createScreen(ctx) {
  let marked = "";
  let told = "";

  /** A paper was opened. */
  function shown(review) {
    const { payload } = review;
    usePane(payload.document);
    ctx.raw.reset();
    ctx.rawWrong = false;
    ctx.wasEditing = null;
    ctx.menu.show(null);
    marked = "";
    ctx.panel.update(payload);
    ctx.find.forget();
    ctx.root.dataset.record = review.id;
    if (ctx.panel.open === "history" || ctx.panel.open === "reply") ctx.panel.show("form");
    refresh();
    ctx.clock.restart();
    begin(review);
    ctx.prefetch.later(ctx.opening.beside("next"), ctx.filters);
    ctx.onOpen?.(review.id);
  }

  function usePane({ media_type: kind, ...document }) {
    ctx.pane = kind === "application/pdf" ? ctx.panes.pdf : (ctx.panes.text ??= ctx.textPane());
    ctx.split.left(ctx.pane.element);
    if (ctx.pane.sha256 !== document.sha256) ctx.pane.show(document);
  }

  /** Begin where something needs attention, with the page at the first thing that was found. */
  function begin(review) {
    const fields = review.fields();
    const first = review.attention(fields)[0] ?? fields[0];
    const [mark] = review.marks(fields);
    if (mark) ctx.pane.focus(mark.key, { always: true });
    if (!first) return;
    const typing = document.activeElement?.closest?.("input, textarea, select");
    ctx.form.select(first.key, { focus: !typing || ctx.root.contains(typing) });
  }

  /** Show the review as it is now. */
  function refresh() {
    const { review } = ctx;
    if (!review) return;
    const fields = review.fields();
    const doubts = review.attention(fields);
    ctx.form.render(review.draft.state, fields);
    ctx.form.warn(doubts, !fields.length);
    keepSelection(review, fields);
    const marks = review.marks(fields);
    const now = JSON.stringify(marks);
    if (now !== marked) ctx.pane.setMarks(marks);
    marked = now;
    if (ctx.panel.open === "raw") showRaw();
    showHead(review);
    tell(review, doubts);
  }

  const showRaw = () => ctx.review && ctx.raw.show(ctx.review.draft.send().answer.funders);

  function showHead(review) {
    ctx.card.update(ctx.review.payload.document);
    ctx.header.update({
      payload: review.payload,
      dirty: review.draft.dirty,
      beside: ctx.opening.beside,
      moving: (ctx.filters.sort || "worth") === "worth",
      canUndo: review.draft.canUndo || (may("curator") && ctx.decisions.canUndo),
    });
    ctx.panel.notify(ctx.opening.notices(review));
  }

  /** When the selected field is gone (undo, removal), the one in its place is selected. */
  function keepSelection(review, fields) {
    const at = fields.findIndex((field) => field.key === review.selected);
    if (at >= 0) review.place = at;
    else if (review.selected && fields.length) {
      const { key } = fields[Math.min(review.place ?? 0, fields.length - 1)];
      ctx.form.select(key, { focus: !ctx.root.contains(document.activeElement) });
    }
  }

  /** The server told more of the open paper: its job, its place in the list, its history. */
  function renewed(review) {
    ctx.panel.update(review.payload);
    if (ctx.panel.open === "history") ctx.history.load();
    showHead(review);
    ctx.prefetch.later(ctx.opening.beside("next"), ctx.filters);
  }

  function tell({ id, payload, draft }, doubts) {
    const absent = doubts.filter((field) => field.alignment === "absent").length;
    const { status, head, position } = payload;
    const summary = { recordId: id, status, head, dirty: draft.dirty, absent, position };
    const now = JSON.stringify(summary);
    if (now !== told) ctx.onChange?.(summary);
    told = now;
  }

  function failed(id, error) {
    const again = { label: t("cockpit.try_again"), name: "reload", run: () => ctx.opening.open(id) };
    ctx.panel.notify([{ text: error.message, kind: "bad", actions: [again] }]);
  }

  function wait(on) {
    ctx.split.element.classList.toggle("wb-waiting", on);
    ctx.split.element.setAttribute("aria-busy", String(on));
  }

  const roleChanged = () => ctx.review && showHead(ctx.review);

  return { roleChanged, shown, refresh, renewed, failed, wait, showRaw };
}
