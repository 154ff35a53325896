// The Doctor page: what the desk stands on, asked anew every few seconds while it is shown.

import { button, h } from "/desk/cockpit/dom.js";
import { ask } from "/desk/ask.js";
import { whileShown } from "/desk/shown.js";
import { language, t } from "/desk/texts.js";
import { toast } from "/desk/toasts.js";

const EVERY = 4000;
const ORDER = { bad: 0, warn: 1, ok: 2 };

export function host(element) {
  const place = element.querySelector("[data-doctor]");
  if (!place || place.childElementCount) return;
  const overall = h("p", { class: "wb-overall", role: "status" });
  const seen = h("span", { class: "wb-note" });
  const list = h("ul", { class: "wb-findings" });
  const asked = h("ul", { class: "wb-findings" });
  const text = h("textarea", { class: "wb-report", readonly: true, rows: 12, "aria-label": t("doctor.copy"), hidden: true });
  const thorough = button(t("doctor.ask"), () => full(asked, thorough), { kind: "plain" });
  const copy = button(t("doctor.copy"), () => copied(text), { kind: "plain" });
  place.append(
    h("div", { class: "wb-doctor-head" }, overall, seen, thorough, copy),
    asked,
    list,
    text,
  );
  const open = new Set();
  whileShown(place, () => look({ overall, seen, list, text, open }), EVERY);
}

async function look({ overall, seen, list, text, open }) {
  try {
    const found = await ask("/api/doctor");
    text.value = found.text;
    say(overall, found.level, t(`doctor.overall.${found.level}`));
    seen.textContent = t("doctor.refreshed", { time: new Date().toLocaleTimeString(language) });
    const sorted = [...found.checks].sort((a, b) => ORDER[a.level] - ORDER[b.level]);
    if (!list.contains(document.activeElement)) list.replaceChildren(...sorted.map((c) => row(c, open)));
  } catch (error) {
    say(overall, "bad", error.message);
  }
}

/** Only what changed is said: a status that is written anew is read out anew. */
function say(element, level, words) {
  element.dataset.level = level;
  if (element.textContent !== words) element.textContent = words;
}

function row(check, open = new Set()) {
  const more = check.lines.length
    ? h(
        "details",
        { open: open.has(check.name), on: { toggle: (e) => open[e.target.open ? "add" : "delete"](check.name) } },
        h("summary", { text: t("doctor.more") }),
        h("pre", { text: check.lines.join("\n"), tabindex: "0", "aria-label": check.title }),
      )
    : null;
  return h(
    "li",
    { class: "wb-finding", data: { level: check.level, check: check.name } },
    h("span", { class: "wb-level", text: t(`doctor.level.${check.level}`) }),
    h(
      "div",
      {},
      h("h3", {}, check.title, h("small", { text: check.meaning })),
      h("p", { text: check.detail }),
      check.hint && check.level !== "ok" ? h("p", { class: "wb-todo" }, h("b", { text: `${t("doctor.todo")}: ` }), check.hint) : null,
      more,
    ),
  );
}

async function full(list, trigger) {
  trigger.disabled = true;
  list.replaceChildren(h("li", { class: "wb-note", text: t("doctor.asking") }));
  try {
    const { checks } = await ask("/api/doctor/full", { body: {} });
    list.replaceChildren(...checks.map((check) => row(check)));
  } catch (error) {
    list.replaceChildren();
    toast(error.message, { bad: true });
  } finally {
    trigger.disabled = false;
  }
}

/** Copy the report; a page without HTTPS may not, and then the text is shown to be copied by hand. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text.value);
    toast(t("doctor.copied"));
  } catch {
    text.hidden = false;
    text.select();
    toast(t("doctor.copy_failed"));
  }
}
