// A small dialog for one line of text.

import { button, h } from "./dom.js";
import { t } from "../texts.js";

/** Resolves to the text (may be empty), or null when it was called off; `value` stands there first. */
export function askText(root, { title, label, confirm, value = "" }) {
  return new Promise((resolve) => {
    const input = h("input", { class: "wb-ask", type: "text", maxlength: "2000", "aria-label": label, placeholder: label });
    input.value = value;
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { text: title }),
      input,
      h(
        "div",
        { class: "wb-dialog-foot" },
        button(t("review.cancel"), () => dialog.close(), { kind: "plain", name: "cancel" }),
        h("button", { type: "submit", class: "wb-btn wb-primary", data: { action: "confirm" } }, h("span", { class: "wb-label", text: confirm })),
      ),
    );
    const dialog = h("dialog", { class: "wb-dialog wb-small", "aria-label": title }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      resolve(input.value.trim());
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      resolve(null);
      dialog.remove();
    });
    root.append(dialog);
    dialog.showModal();
    input.value = value;
    input.select();
    input.focus();
  });
}
