// The tokens of programs: one's own, for administrators everybody's; each can be ended by itself.

import { h } from "/desk/cockpit/dom.js";
import { language, t } from "/desk/texts.js";
import * as api from "./api.js";
import { say } from "./forms.js";

const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const when = (text) => moment.format(new Date(text));

/** The table of `tokens`; an end is asked for twice, since the program stops working at once. */
export function tokenList(tokens) {
  const status = h("p", { class: "wb-people-status", role: "status" });
  const place = h("div", { class: "wb-people-scroll" });

  function show(rows) {
    if (!rows.length) return place.replaceChildren(h("p", { class: "wb-note", text: t("people.tokens.none") }));
    const heads = ["name", "person", "used", "ends", "acts"].map((head) => h("th", { scope: "col", text: t(`people.tokens.${head}`) }));
    return place.replaceChildren(
      h("table", { class: "wb-table wb-people-table" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows.map(row))),
    );
  }

  function row({ id, name, person, made, used, ends }) {
    const called = name ?? t("people.tokens.unnamed", { id });
    const end = h("button", {
      type: "button", text: t("people.tokens.end"), "aria-label": t("people.tokens.end_of", { name: called }), data: { token: id },
      on: { click: () => finish(end, id, called) },
    });
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, called, h("small", { text: t("people.tokens.made", { when: when(made) }) })),
      h("td", { text: person }),
      h("td", { text: used ? when(used) : t("people.page.never") }),
      h("td", { text: when(ends) }),
      h("td", {}, end),
    );
  }

  async function finish(button, id, name) {
    if (!button.dataset.sure) {
      button.dataset.sure = "yes";
      button.textContent = t("people.tokens.sure");
      button.setAttribute("aria-label", t("people.tokens.sure_of", { name }));
      return;
    }
    button.disabled = true;
    try {
      await api.endToken(id);
      show((await api.tokens()).tokens);
      say(status, t("people.tokens.ended", { name }));
    } catch (error) {
      if (!(error instanceof api.Refused)) throw error;
      button.disabled = false;
      say(status, error.message, true);
    }
  }

  show(tokens);
  return h("div", { class: "wb-tokens" }, place, status);
}
