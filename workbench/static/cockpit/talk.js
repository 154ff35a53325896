// Comments on a paper or on a value: said once, kept for good.

import { newId, pointerOf } from "./answer.js";
import { askText } from "./ask.js";
import { t } from "../texts.js";

const short = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** `ctx` has root, api, review, screen, panel, history, toasts. */
export function createTalk(ctx) {
  /** `field` is what it is about, null for the whole paper; `draft` is what was typed before. */
  async function ask(field, draft = "") {
    const { review } = ctx;
    if (!review) return;
    const title = field ? t("review.comment_value", { value: short(field.value) }) : t("review.comment_paper");
    const body = await askText(ctx.root, { title, label: t("review.comment_label"), confirm: t("review.comment_send"), value: draft });
    if (!body || review !== ctx.review) return;
    const about = field ? { path: pointerOf(field.path), value: field.value.trim() } : {};
    try {
      const said = await ctx.api.comment(review.id, { ...about, body, client_event_id: newId() });
      review.payload.comments = [...(review.payload.comments ?? []), said];
      ctx.toasts.show(t("review.commented"), { id: "comment" });
      if (review !== ctx.review) return;
      ctx.screen.renewed(review);
      ctx.screen.refresh();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      ctx.toasts.show(t("review.not_commented", { why: error.message }), { kind: "bad", stay: true });
      if (review === ctx.review) ask(field, body);
    }
  }

  return {
    onPaper: () => ask(null),
    onValue(field) {
      if (!field?.path) return false;
      ask(field);
      return true;
    },
  };
}
