// One field of the form: its words, how they stand in the text, its tick. Focusable as a whole.

import { KIND_NAMES } from "./answer.js";
import { h, icon, button } from "./dom.js";
import { partsOf } from "./draft.js";
import { t } from "../texts.js";
import { createRemarks } from "./remarks.js";
import { ALIGNMENTS } from "./review.js";

/** `hear` has input, leave, enter, emptied, tick, reject, split, select, model, why, talk: each gets the key. */
export function createField(key, kind, hear) {
  const long = kind === "statement";
  const input = h("textarea", {
    class: "wb-input",
    rows: "1",
    spellcheck: "false",
    autocomplete: "off",
    placeholder: t(`cockpit.hint.${kind}`),
    "aria-label": KIND_NAMES[kind],
    tabindex: "-1",
  });
  const mirror = h("span", { class: "wb-mirror", "aria-hidden": "true" });
  const tick = button(t("cockpit.field.tick"), () => hear.tick(key), { quiet: true, symbol: "exact", key: "a", name: "tick" });
  tick.classList.add("wb-tick");
  const remove = button(t("review.reject"), () => hear.reject(key), { quiet: true, symbol: "absent", key: "x", name: "reject" });
  const split = button(t("cockpit.field.split"), () => hear.split(key), { quiet: true, symbol: "split", key: "v", name: "split" });
  const badge = h("span", { class: "wb-badge" });
  const sure = h("span", { class: "wb-sure" });
  const page = h("span", { class: "wb-place-no" });
  const hint = h("span", { class: "wb-hint-line" });
  const problem = h("span", { class: "wb-problem", role: "alert" });
  const remarks = createRemarks(key, hear);
  const element = h(
    "div",
    { class: `wb-field wb-kind-${kind}`, role: "group", tabindex: "-1", data: { key, kind } },
    h("span", { class: "wb-grow" }, mirror, input),
    h("span", { class: "wb-facts" }, remarks.talk, badge, sure, page, split, tick, remove),
    hint,
    problem,
    remarks.element,
  );

  input.addEventListener("input", () => {
    const text = long ? input.value : input.value.replace(/[\r\n]+/g, " ");
    if (text !== input.value) input.value = text;
    mirror.textContent = `${text || input.placeholder} `;
    hear.input(key, text);
  });
  input.addEventListener("focus", () => hear.enter(key));
  input.addEventListener("blur", () => hear.leave(key));
  input.addEventListener("keydown", (event) => typed(event));
  element.addEventListener("click", (event) => {
    if (!event.target.closest("button, textarea")) hear.select(key);
  });

  function typed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && !long) {
      event.preventDefault();
      hear.entered(key);
    } else if (event.key === "Backspace" && !input.value && kind !== "funder_name") {
      event.preventDefault();
      hear.emptied(key);
    } else if (event.key === "Tab") hear.tab(key, event);
  }

  function update(view, name) {
    if (input.value !== view.value) input.value = view.value;
    const text = `${view.value || input.placeholder} `;
    if (mirror.textContent !== text) mirror.textContent = text;
    const { text: words, title } = ALIGNMENTS[view.alignment];
    Object.assign(element.dataset, { alignment: view.alignment, row: view.row });
    if (view.path) element.dataset.path = view.path;
    else delete element.dataset.path;
    element.classList.toggle("wb-accepted", view.accepted);
    reject(view.rejected);
    remarks.update(view);
    element.classList.toggle("wb-wrong", Boolean(view.error));
    if (badge.dataset.alignment !== view.alignment) {
      badge.dataset.alignment = view.alignment;
      badge.title = title;
      badge.replaceChildren(...(words ? [icon(view.alignment), h("span", { text: words })] : []));
    }
    const share = view.confidence === null ? "" : `${Math.round(view.confidence * 100)} %`;
    sure.textContent = share;
    sure.title = share ? t("cockpit.field.sure", { share }) : "";
    sure.classList.toggle("wb-unsure", view.confidence !== null && view.confidence < 0.6);
    page.textContent = view.span ? t("cockpit.field.page", { page: view.span.page }) : "";
    tick.setAttribute("aria-pressed", String(view.accepted));
    split.hidden = kind !== "award_ids" || partsOf(view.value).length < 2;
    hint.textContent = view.hint?.text ?? "";
    hint.dataset.kind = view.hint?.kind ?? "";
    problem.textContent = view.error ?? "";
    input.setAttribute("aria-invalid", String(Boolean(view.error)));
    const state = view.rejected ? t("review.rejected") : words;
    const parts = [name, view.value || t("cockpit.field.empty"), state, view.accepted && t("cockpit.field.checked"), view.reason, view.hint?.text, view.error];
    element.setAttribute("aria-label", parts.filter(Boolean).join(", "));
    input.setAttribute("aria-label", name);
  }

  function reject(on) {
    element.classList.toggle("wb-rejected", on);
    const label = t(on ? "review.bring_back" : "review.reject");
    remove.setAttribute("aria-label", label);
    remove.setAttribute("aria-pressed", String(on));
    remove.title = `${label} (x)`;
    remove.replaceChildren(icon(on ? "back" : "absent"));
  }

  /** The selected field is the one stop of the Tab key; its buttons come after it. */
  function choose(on) {
    element.classList.toggle("wb-selected", on);
    element.tabIndex = on ? 0 : -1;
    for (const part of [input, tick, remove, split, ...remarks.buttons]) part.tabIndex = on ? 0 : -1;
  }

  choose(false);
  return { element, input, update, choose };
}
