// The overlay that lists all keys.

import { button, h } from "./dom.js";
import { t } from "../texts.js";
import { KEYS, MORE } from "./keys.js";
import { recall, remember } from "./storage.js";

export function createHelp(root) {
  const groups = new Map();
  for (const [keys, text, group] of [...KEYS, ...MORE]) {
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push([keys, text]);
  }
  const names = {
    ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", PageDown: t("cockpit.cap.page_down"), PageUp: t("cockpit.cap.page_up"),
    Enter: t("cockpit.cap.enter"), Delete: t("cockpit.cap.delete"),
  };
  const line = ([keys, text]) =>
    h(
      "div",
      { class: "wb-key-line" },
      h("dt", {}, keys.map((key) => h("kbd", { class: "wb-kbd", text: names[key] ?? key }))),
      h("dd", { text }),
    );
  const single = h("input", { type: "checkbox", data: { action: "single-keys" } });
  single.checked = recall("keys") !== false;
  single.addEventListener("change", () => remember("keys", single.checked));
  const dialog = h(
    "dialog",
    { class: "wb-dialog wb-help", "aria-labelledby": "wb-help-title" },
    h(
      "header",
      { class: "wb-dialog-head" },
      h("h2", { id: "wb-help-title", text: t("review.keys") }),
      button(t("cockpit.close"), () => dialog.close(), { key: "Esc", name: "close-help" }),
    ),
    h(
      "div",
      { class: "wb-key-groups" },
      [...groups].map(([name, lines]) =>
        h("section", {}, h("h3", { class: "wb-title", text: name }), h("dl", {}, lines.map(line))),
      ),
    ),
    h("label", { class: "wb-single-keys" }, single, t("review.single_keys")),
  );
  dialog.addEventListener("keydown", (event) => event.key === "?" && dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  root.append(dialog);
  return { open: () => dialog.open || dialog.showModal(), destroy: () => dialog.remove() };
}
