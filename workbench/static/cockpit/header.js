// The head of the cockpit: which paper, where in the list, how it stands, and what to decide.

import { may, whyNot } from "../people/role.js";
import { language, t } from "../texts.js";
import { button, h, icon } from "./dom.js";

const DECIDED = ["accepted", "corrected", "no_funding"];

/** Where a paper stands; in the order of worth, which moves, how many are left. */
function standing({ position, status }, moving) {
  if (!position?.total) return t("cockpit.not_listed");
  if (!moving) return t("cockpit.position", { at: position.index, total: position.total });
  return t("cockpit.to_decide", { n: position.left + (DECIDED.includes(status) ? 0 : 1) });
}

/** `hear` has accept, noFunding, skip, flag, undo, previous, next, help; `parts` are put beside, `card` by the name. */
export function createHeader(hear, parts = [], card = null) {
  const name = h("h2", { class: "wb-name" });
  const position = h("span", { class: "wb-position" });
  const status = h("span", { class: "wb-status" });
  const unsaved = h("span", { class: "wb-unsaved", text: t("review.unsaved"), hidden: true });
  const model = h("span", { class: "wb-model" });
  const warnings = h("button", {
    type: "button", class: "wb-warnings", "aria-expanded": "false", hidden: true, data: { action: "warnings" },
    on: { click: () => toggle(list.hidden) },
  });
  const list = h("ul", { class: "wb-warning-list", hidden: true });
  const make = (label, run, key, action, kind) => button(label, run, { key, name: action, kind });
  const accept = make(t("cockpit.accept"), () => hear.accept(), "A", "accept", "primary");
  const buttons = {
    previous: make(t("cockpit.previous"), () => hear.previous(), "p", "previous", "plain"),
    next: make(t("cockpit.next"), () => hear.next(), "n", "next", "plain"),
    undo: make(t("cockpit.undo"), () => hear.undo(), "u", "undo", "plain"),
    flag: make(t("cockpit.flag"), () => hear.flag(), "f", "flag", "plain"),
    skip: make(t("cockpit.skip"), () => hear.skip(), "s", "skip", "plain"),
    no_funding: make(t("cockpit.no_funding"), () => hear.noFunding(), "N", "no-funding", "plain"),
  };
  const element = h(
    "header",
    { class: "wb-header", lang: language },
    h("div", { class: "wb-paper" }, h("div", { class: "wb-name-row" }, name, card), h("div", { class: "wb-about" }, position, status, unsaved, parts, model, warnings), list),
    h(
      "div",
      { class: "wb-actions", role: "toolbar", "aria-label": t("cockpit.decide") },
      h("span", { class: "wb-group" }, buttons.previous, buttons.next),
      h("span", { class: "wb-group" }, buttons.undo),
      h("span", { class: "wb-group" }, buttons.flag, buttons.skip, buttons.no_funding),
      accept,
      button(t("review.keys"), () => hear.help(), { quiet: true, symbol: "keys", key: "?", name: "help" }),
    ),
  );

  const titles = new Map();

  function toggle(open) {
    list.hidden = !open;
    warnings.setAttribute("aria-expanded", String(open));
  }

  function update({ payload, dirty, beside, moving, canUndo }) {
    const { document: paper, proposal } = payload;
    name.textContent = paper.name;
    name.title = paper.name;
    position.textContent = standing(payload, moving);
    status.textContent = t(`common.status.${payload.status}`);
    status.dataset.status = payload.status;
    model.textContent = proposal?.model ?? "";
    model.title = proposal ? t("review.proposed_by", { model: proposal.model }) : "";
    warn(paper.warnings ?? []);
    const label = t(dirty ? "cockpit.save" : "cockpit.accept");
    accept.querySelector(".wb-label").textContent = label;
    accept.title = whyNot() || `${label} (A)`;
    unsaved.hidden = !dirty;
    accept.dataset.dirty = String(dirty);
    buttons.next.disabled = beside("next") === null;
    buttons.previous.disabled = beside("previous") === null;
    buttons.undo.disabled = !canUndo;
    hold();
  }

  /** Who may only look cannot decide, and reads why. */
  function hold() {
    for (const each of [buttons.flag, buttons.skip, buttons.no_funding]) {
      titles.set(each, titles.get(each) ?? each.title);
      each.title = whyNot() || titles.get(each);
    }
    for (const each of [accept, buttons.flag, buttons.skip, buttons.no_funding]) each.disabled = !may("curator");
  }

  function warn(texts) {
    warnings.hidden = !texts.length;
    if (!texts.length) toggle(false);
    const label = t("cockpit.warnings", { n: texts.length });
    warnings.replaceChildren(icon("warn"), h("span", { text: label }));
    warnings.title = texts.join("\n");
    list.replaceChildren(...texts.map((text) => h("li", { text })));
  }

  return { element, update, buttons, accept };
}
