// What to do where there is nothing to show.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";

/** `all` is how many papers there are under the other filters, `filters` what is chosen. */
export function emptyState({ filtered, status, all, clear, showAll }) {
  const button = (text, run) => h("button", { type: "button", class: "wb-q-button wb-q-primary", text, on: { click: run } });
  if (status === "proposed" && all) {
    return box("done", t("queue.empty.done"), t("queue.empty.done_next"), button(t("queue.empty.show_all"), showAll));
  }
  if (filtered) return box("nothing", t("queue.empty.nothing"), t("queue.empty.nothing_next"), button(t("queue.clear"), clear));
  return box("none", t("queue.empty.none"), t("queue.empty.none_next"), h("div", { data: { empty: "none" } }));
}

function box(kind, title, next, action) {
  return h("div", { class: "wb-note wb-q-empty", data: { state: kind } }, h("p", { class: "wb-q-big", text: title }), h("p", { text: next }), action);
}
