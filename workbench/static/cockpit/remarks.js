// What stands below a field's words: the model's own, why the value stays, what was said of it.

import { inlineDiff } from "./diff.js";
import { button, h } from "./dom.js";
import { t } from "../texts.js";

const TAGS = { same: "span", gone: "del", new: "ins" };

/** A text become another, as elements. */
export const shownDiff = (from, to) => inlineDiff(from, to).map(([text, kind]) => h(TAGS[kind], { text }));

/** `hear` has model(key), why(key), talk(key). */
export function createRemarks(key, hear) {
  const talk = button(t("review.comments"), () => hear.talk(key), { quiet: true, symbol: "talk", name: "talk" });
  const words = h("span", { class: "wb-said-words" });
  const take = button(t("review.take_model"), () => hear.model(key), { symbol: "back", name: "take-model", kind: "ghost", key: "m" });
  const said = h("div", { class: "wb-said" }, h("span", { class: "wb-remark-head", text: t("review.model_said") }), words, take);
  const why = h("span", { class: "wb-why-words" });
  const change = button(t("review.change"), () => hear.why(key), { name: "change-reason", kind: "ghost" });
  const reason = h("div", { class: "wb-reason" }, h("span", { class: "wb-remark-head", text: t("review.stays") }), why, change);
  const element = h("div", { class: "wb-remarks" }, said, reason);
  let told = "";

  function update({ value, rejected, said: model, reason: text, comments, alignment }) {
    talk.hidden = !comments;
    talk.title = t("review.comments_of_value", { n: comments });
    talk.setAttribute("aria-label", talk.title);
    const changed = Boolean(model) && !rejected && model.value.trim() !== value.trim();
    said.hidden = !changed;
    reason.hidden = !text || rejected || alignment !== "absent";
    element.hidden = said.hidden && reason.hidden;
    why.textContent = text ?? "";
    const now = changed ? `${model.value}\u0000${value}` : "";
    if (now !== told) words.replaceChildren(...(changed ? shownDiff(model.value.trim(), value.trim()) : []));
    told = now;
  }

  return { element, talk, update, buttons: [talk, take, change] };
}
