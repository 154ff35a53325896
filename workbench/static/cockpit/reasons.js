// The dialog that asks why values stay that are not in the text: a typed reason for each.

import { KIND_NAMES } from "./answer.js";
import { button, h } from "./dom.js";
import { t } from "../texts.js";

const SHORTEST = 3; // characters that a reason needs, as on the server
const USUAL = ["review.reason_abbreviated", "review.reason_figure", "review.reason_elsewhere"];

/** Resolves to {key: reason} of the fields given, or null when it was called off. */
export function askReasons(root, fields) {
  return new Promise((resolve) => {
    const lines = fields.map((field, i) => line(field, i, { next, all }));
    const problem = h("p", { class: "wb-reasons-problem", role: "alert" });
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "wb-reasons-title", text: t("review.reasons_title", { n: fields.length }) }),
      h("p", { class: "wb-dialog-text", text: t(fields.length > 1 ? "review.reasons_many" : "review.reasons_one") }),
      h("ol", { class: "wb-reason-list" }, lines.map(({ element }) => element)),
      problem,
      h(
        "div",
        { class: "wb-dialog-foot" },
        button(t("review.cancel"), () => dialog.close(), { kind: "plain", name: "cancel" }),
        h("button", { type: "submit", class: "wb-btn wb-primary", data: { action: "confirm" } }, h("span", { class: "wb-label", text: t("review.reasons_save") })),
      ),
    );
    const dialog = h("dialog", { class: "wb-dialog wb-reasons", "aria-labelledby": "wb-reasons-title" }, form);

    /** To the next line without a reason, else to the button. */
    function next(from) {
      const order = [...lines.slice(from + 1), ...lines.slice(0, from + 1)];
      (order.find((each) => !each.done)?.input ?? form.querySelector("[data-action=confirm]")).focus();
    }

    function all(text) {
      lines.filter((each) => !each.input.value.trim()).forEach((each) => each.set(text));
      next(-1);
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const open = lines.find((each) => !each.done);
      lines.forEach((each) => each.input.setAttribute("aria-invalid", String(!each.done)));
      problem.textContent = open ? t("review.reasons_short", { n: SHORTEST }) : "";
      if (open) {
        open.input.focus();
        return;
      }
      resolve(Object.fromEntries(lines.map(({ key, input }) => [key, input.value.trim()])));
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      resolve(null);
      dialog.remove();
    });
    root.append(dialog);
    dialog.showModal();
    lines[0].input.focus();
  });
}

function line({ key, kind, value, reason }, index, { next, all }) {
  const name = `${KIND_NAMES[kind]}: ${value}`;
  const input = h("input", { class: "wb-ask", type: "text", maxlength: "500", "aria-label": t("review.reason_for", { name }), placeholder: t("review.reason_hint"), autocomplete: "off" });
  input.value = reason ?? "";
  const set = (text) => {
    input.value = text;
    input.setAttribute("aria-invalid", "false");
  };
  const usual = USUAL.map((text, i) =>
    button(t(text), () => (set(t(text)), next(index)), { key: String(i + 1), name: `reason-${i + 1}`, kind: "ghost" }),
  );
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    const digit = /^Digit([1-3])$/.exec(event.code ?? "")?.[1] ?? /^[1-3]$/.exec(event.key)?.[0];
    if (digit && !input.value) {
      event.preventDefault();
      const text = t(USUAL[Number(digit) - 1]);
      if (event.shiftKey) return all(text);
      set(text);
      next(index);
    } else if (event.key === "Enter" && input.value.trim().length >= SHORTEST) {
      event.preventDefault();
      next(index);
    }
  });
  const element = h(
    "li",
    { class: "wb-reason-line" },
    h("span", { class: "wb-reason-value" }, h("i", { class: `wb-dot wb-dot-${kind}` }), h("span", { text: name })),
    h("span", { class: "wb-reason-usual" }, usual),
    input,
  );
  return {
    key, element, input, set,
    get done() {
      return input.value.trim().length >= SHORTEST;
    },
  };
}
