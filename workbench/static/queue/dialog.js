// A small dialog that asks for a note, a name or people; resolves to the answer or null.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";

/** `content` are its elements, `read()` its answer, `extra` further buttons as [label, answer]. */
export function askIn(root, { title, content, read, yes, extra = [] }) {
  return new Promise((resolve) => {
    const back = document.activeElement;
    const close = (answer) => {
      dialog.remove();
      back?.focus?.();
      resolve(answer);
    };
    const button = (text, run, kind = "") => h("button", { type: "button", class: `wb-q-button ${kind}`, text, on: { click: run } });
    const send = () => {
      if (form.reportValidity()) close(read());
    };
    const form = h(
      "form",
      { class: "wb-q-form", on: { submit: (event) => (event.preventDefault(), send()) } },
      h("h3", { text: title, id: "wb-q-title" }),
      content,
      h(
        "div",
        { class: "wb-q-buttons" },
        extra.map(([text, answer]) => button(text, () => close(answer), "wb-q-away")),
        button(t("queue.cancel"), () => close(null)),
        h("button", { type: "submit", class: "wb-q-button wb-q-primary", text: yes }),
      ),
    );
    const dialog = h("dialog", { class: "wb-q-dialog", "aria-labelledby": "wb-q-title", on: { cancel: (event) => (event.preventDefault(), close(null)) } }, form);
    root.append(dialog);
    dialog.showModal();
    content[0].querySelector?.("input, textarea, select")?.focus();
  });
}

export function field(label, control) {
  return h("label", { class: "wb-q-label" }, h("span", { text: label }), control);
}
