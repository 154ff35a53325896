// How the decisions stand on their way to the server, in the head of the cockpit.

import { t } from "../texts.js";
import { h, icon } from "./dom.js";

const SYMBOLS = { conflict: "warn", refused: "warn", waiting: "pending", saving: "pending", saved: "exact" };
const WORST = Object.keys(SYMBOLS);

/** `open(recordId)` hears a click on a paper that could not be saved. */
export function createSaveState(open) {
  const text = h("span", {});
  const sign = h("span", { class: "wb-save-sign" });
  const go = h("button", { type: "button", class: "wb-save-open", hidden: true, text: t("review.save_open"), data: { action: "open-unsaved" }, on: { click: () => open(shown) } });
  const element = h("span", { class: "wb-save", role: "status", "aria-live": "polite", hidden: true }, sign, text, go);
  const known = new Map(); // recordId -> {name, state}
  let shown = null;

  /** A decision of a paper now stands so; null when there is nothing to tell of it any more. */
  function set({ recordId, name }, state) {
    known.delete(recordId);
    if (state) known.set(recordId, { name, state });
    const done = [...known].filter(([, each]) => each.state === "saved").map(([id]) => id);
    for (const id of done.slice(0, -1)) known.delete(id); // only the newest is news
    show();
  }

  function show() {
    const [first] = [...known].reverse().sort((a, b) => WORST.indexOf(a[1].state) - WORST.indexOf(b[1].state));
    element.hidden = !first;
    if (!first) return;
    const [id, { name, state }] = first;
    shown = id;
    const others = [...known.values()].filter((each) => each.state !== "saved").length - 1;
    text.textContent = t(`review.save_${state}`, { name }) + (others > 0 ? ` ${t("review.save_more", { n: others })}` : "");
    element.title = [...known.values()].map((each) => t(`review.save_${each.state}`, { name: each.name })).join("\n");
    if (element.dataset.state !== state) sign.replaceChildren(icon(SYMBOLS[state]));
    element.dataset.state = state;
    go.hidden = state === "saved" || state === "saving";
  }

  return { element, set };
}
