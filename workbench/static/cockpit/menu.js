// The small menu at a selection of the page: what the words are, by mouse or by 1 to 5.

import { KIND_NAMES } from "./answer.js";
import { h } from "./dom.js";
import { t } from "../texts.js";

export const KINDS = ["statement", "funder_name", "award_ids", "funding_scheme", "award_title"];

/** `hear` has choose(kind, force), hint(kind). */
export function createMenu(root, hear) {
  const items = KINDS.map((kind, i) => item(kind, i + 1));
  const hint = h("div", { class: "wb-menu-hint", "aria-live": "polite" });
  const element = h(
    "div",
    { class: "wb-menu", role: "menu", "aria-label": t("cockpit.menu.label"), hidden: true },
    h("div", { class: "wb-menu-items" }, items),
    hint,
  );
  element.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
  element.addEventListener("mousedown", (event) => event.preventDefault());
  root.append(element);
  let selection = null;

  function item(kind, digit) {
    const tell = () => (hint.textContent = `${KIND_NAMES[kind]}: ${hear.hint(kind)}`);
    return h(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: "wb-menu-item",
        tabindex: "-1",
        data: { kind },
        "aria-keyshortcuts": String(digit),
        on: {
          click: (event) => hear.choose(kind, event.shiftKey),
          pointerenter: tell,
          pointerleave: usual,
        },
      },
      h("i", { class: `wb-dot wb-dot-${kind}` }),
      h("span", { text: KIND_NAMES[kind] }),
      h("kbd", { class: "wb-kbd", text: String(digit), "aria-hidden": "true" }),
    );
  }

  function usual() {
    hint.textContent = t("cockpit.menu.selected", { n: selection ? selection.text.length : 0 });
  }

  function show(next) {
    selection = next;
    element.hidden = !next;
    if (!next) return;
    usual();
    const box = root.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = element;
    const below = next.rect.bottom - box.top + 8;
    const top = below + height > box.height ? next.rect.top - box.top - height - 8 : below;
    const left = next.rect.right - box.left - width / 2;
    element.style.left = `${Math.round(Math.min(Math.max(8, left), box.width - width - 8))}px`;
    element.style.top = `${Math.round(Math.min(Math.max(8, top), box.height - height - 8))}px`;
  }

  return {
    element,
    show,
    get selection() {
      return selection;
    },
    destroy: () => element.remove(),
  };
}
