// What is done to all selected papers at once, and taken back at once.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import { ask } from "/desk/ask.js";
import { may, whyNot } from "/desk/people/role.js";
import { askIn, field } from "./dialog.js";

const CHUNK = 100;
const SHOW_PROGRESS = 200;
const MOST_TOLD = 8;

/** `selection`, `toasts`, `options()` and `reload()` of the queue. */
export function createBulk(root, { selection, toasts, options, reload }) {
  let busy = false;
  let last = null;
  const count = h("strong", { class: "wb-q-count", "aria-live": "polite" });
  const progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("queue.progress") });
  const act = (name, run, key) =>
    h("button", { type: "button", class: `wb-q-button ${name === "accept" ? "wb-q-primary" : ""}`, data: { action: `bulk-${name}` }, "aria-keyshortcuts": key, on: { click: run } }, t(`queue.do.${name}`), key ? h("kbd", { text: { "Shift+A": "⇧A", Escape: "Esc" }[key] ?? key, "aria-hidden": "true" }) : null);
  const buttons = [act("accept", () => run("accept"), "Shift+A"), act("skip", () => run("skip")), act("flag", () => flag()), act("assign", () => assign()), act("propose", () => run("propose"))];
  const undo = act("undo", () => takeBack(last), "u");
  const clear = act("clear", () => selection.clear(), "Escape");
  const left = h("div", { class: "wb-q-left", role: "status", hidden: true });
  const element = h("div", { class: "wb-q-bulk", role: "toolbar", "aria-label": t("queue.bulk"), hidden: true }, count, buttons, progress, undo, clear);

  function show() {
    const n = selection.size;
    element.hidden = !n && !last;
    count.textContent = n ? t("queue.selected", { n }) : t("queue.none_selected");
    const role = options()?.role;
    for (const button of buttons) {
      const assigns = button.dataset.action === "bulk-assign";
      button.disabled = busy || !n || !may("curator");
      button.title = whyNot();
      button.hidden = assigns && !["adjudicator", "admin"].includes(role);
    }
    undo.hidden = !last;
    undo.disabled = busy;
    clear.hidden = !n;
  }

  /** Whether the person may only look; they are told. */
  function held() {
    if (may("curator")) return false;
    toasts.show(whyNot(), { id: "role", kind: "warn" });
    return true;
  }

  async function run(action, note = null) {
    if (busy) return;
    if (held()) return;
    const targets = selection.targets();
    if (!targets.length) return void toasts.show(t("queue.select_first"), { kind: "warn" });
    const batch = unique();
    const outcome = { done: [], left: [] };
    await working(async () => {
      for (let at = 0; at < targets.length; at += CHUNK) {
        show_progress(at, targets.length);
        const some = targets.slice(at, at + CHUNK).map(({ id, head, proposal }) => ({ id, head, proposal }));
        const told = await ask("/api/bulk", { body: { action, batch, note, targets: some } });
        outcome.done.push(...told.done);
        outcome.left.push(...told.left);
      }
    });
    if (outcome.done.length && action !== "propose") last = batch;
    selection.keepOnly(new Set(targets.map(({ id }) => id).filter((id) => !outcome.done.includes(id))));
    const undoing = outcome.done.length && action !== "propose" ? [{ label: t("queue.do.undo"), run: () => takeBack(batch) }] : [];
    tell(t(`queue.did.${action}`, { n: outcome.done.length }), outcome, undoing);
    await reload(new Set(outcome.left.map(({ id }) => id)));
  }

  async function takeBack(batch) {
    if (busy || !batch || held()) return;
    let outcome = null;
    await working(async () => {
      outcome = await ask("/api/bulk/undo", { body: { batch } });
    });
    if (!outcome) return;
    last = null;
    tell(t("queue.did.undo", { n: outcome.done.length }), outcome, []);
    await reload();
  }

  /** One action at a time; what goes wrong is told, and what was done before it stays told. */
  async function working(work) {
    busy = true;
    show();
    try {
      await work();
    } catch (error) {
      if (error.name !== "Refused") throw error;
      toasts.show(error.message, { kind: "bad", id: "refused", stay: true });
    } finally {
      busy = false;
      progress.hidden = true;
      show();
    }
  }

  function show_progress(at, total) {
    progress.hidden = total <= SHOW_PROGRESS;
    progress.value = at / total;
  }

  function tell(text, outcome, actions) {
    toasts.show(text, { kind: outcome.done.length ? "ok" : "warn", actions, stay: actions.length > 0, id: "bulk" });
    left.hidden = !outcome.left.length;
    const lines = outcome.left.slice(0, MOST_TOLD).map(({ name, why, id }) => h("li", {}, h("b", { text: name || `#${id}` }), " ", t(`queue.left.${why}`)));
    const more = outcome.left.length - MOST_TOLD;
    left.replaceChildren(
      h("p", { text: t("queue.left_alone", { n: outcome.left.length }) }),
      h("ul", {}, lines, more > 0 ? h("li", { text: t("queue.and_more", { n: more }) }) : null),
      h("button", { type: "button", class: "wb-q-button", text: t("queue.dismiss"), on: { click: () => (left.hidden = true) } }),
    );
  }

  async function flag() {
    const note = h("textarea", { rows: 3, required: true, maxlength: 2000, class: "wb-q-input" });
    const said = await askIn(root, { title: t("queue.flag_title", { n: selection.size }), content: [field(t("queue.flag_note"), note)], read: () => note.value.trim(), yes: t("queue.do.flag") });
    if (said) await run("flag", said);
  }

  async function assign() {
    const { people, me } = options();
    const boxes = people.map((name) => h("input", { type: "checkbox", value: name, checked: name === me && people.length === 1 }));
    const content = [h("div", { class: "wb-q-names" }, boxes.map((box, at) => h("label", {}, box, " ", people[at])))];
    const chosen = () => ({ people: boxes.filter((box) => box.checked).map((box) => box.value) });
    const said = await askIn(root, { title: t("queue.assign_title", { n: selection.size }), content, read: chosen, yes: t("queue.do.assign"), extra: [[t("queue.take_back"), { take_back: true }]] });
    if (!said || !(said.take_back || said.people.length)) return;
    const records = selection.targets().map(({ id }) => id);
    let changed = 0;
    await working(async () => {
      for (let at = 0; at < records.length; at += CHUNK) changed += (await ask("/api/assignments", { body: { records: records.slice(at, at + CHUNK), ...said } })).changed;
      toasts.show(t(said.take_back ? "queue.taken_back" : "queue.assigned", { n: changed }), { id: "bulk" });
    });
    await reload();
  }

  return { element, left, show, run, undo: () => takeBack(last) };
}

/** Not randomUUID: a browser has that only on https and on this machine. */
function unique() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
