// Forms of the People page: labelled fields, one button, and a line that says how it went.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import { Refused } from "./api.js";

let count = 0;

export const section = (title, ...inside) =>
  h("section", { class: "wb-people-part" }, h("h2", { text: title }), ...inside);

/** The two fields of a new password. */
export function fresh() {
  const kind = { type: "password", autocomplete: "new-password" };
  return [
    { name: "password", label: t("people.page.new"), hint: t("people.page.length"), ...kind },
    { name: "repeat", label: t("people.page.repeat"), ...kind },
  ];
}

/** A field: an input, or a choice where there are `options` [[value, text]]. */
function field({ name, label, value = "", type = "text", autocomplete = "off", hint, options }) {
  count += 1;
  const id = `wb-people-${name}-${count}`;
  const known = { id, name, required: true };
  const control = options
    ? h("select", known, options.map(([key, text]) => h("option", { value: key, text })))
    : h("input", { ...known, type, autocomplete, value, "aria-describedby": hint ? `${id}-hint` : null });
  if (options) control.value = value;
  return h(
    "div",
    { class: "wb-people-field" },
    h("label", { for: id, text: label }),
    control,
    hint ? h("small", { id: `${id}-hint`, text: hint }) : null,
  );
}

/**
 * A form. `run` gets the values by name and returns what to say; it throws `Refused` to say why not.
 * `hiddenName` tells password managers whose password it is.
 */
export function form({ fields, submit, run, note, hiddenName, cancel }) {
  const status = h("p", { class: "wb-people-status", role: "status" });
  const button = h("button", { type: "submit", class: "wb-main", text: submit });
  const user = hiddenName && h("input", { class: "wb-unseen", type: "text", name: "username",
    autocomplete: "username", value: hiddenName, readonly: true, tabindex: "-1", "aria-hidden": "true" });
  const made = h("form", { class: "wb-people-form" }, user, fields.map(field),
    note ? h("p", { class: "wb-note", text: note }) : null,
    h("div", { class: "wb-people-acts" }, button, cancel ?? null), status);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(made));
    button.disabled = true;
    try {
      if ("repeat" in given && given.repeat !== given.password) {
        throw new Refused(t("people.page.differ"), 0);
      }
      say(status, (await run(given)) ?? "");
      made.reset();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(status, error.message, true);
    } finally {
      button.disabled = false;
    }
  });
  return made;
}

/** Tell how it went; a problem is read out at once. */
export function say(status, text, bad = false) {
  status.classList.toggle("wb-people-problem", bad);
  status.setAttribute("role", bad ? "alert" : "status");
  status.textContent = text;
}
