// The page of adjudicators: papers whose readers differ, decided value by value.

import { createApi } from "/desk/cockpit/api.js";
import { askText } from "/desk/cockpit/ask.js";
import { newId } from "/desk/cockpit/answer.js";
import { createClock } from "/desk/cockpit/clock.js";
import { button, h } from "/desk/cockpit/dom.js";
import { nameOf } from "/desk/cockpit/keyboard.js";
import { createSplit, fillHeight } from "/desk/cockpit/layout.js";
import { createDocs } from "/desk/cockpit/pdf-docs.js";
import { createPdfPane } from "/desk/cockpit/pdf-pane.js";
import { createTextPane } from "/desk/cockpit/text-pane.js";
import { createToasts } from "/desk/cockpit/toast.js";
import { t } from "/desk/texts.js";
import { compare, settle, waiting } from "./api.js";
import { answerOf, bothOf, choose, leavesOf, undecided } from "./choices.js";
import { createRows, preview, sideName, startOf } from "./rows.js";

const TYPING = "input, textarea, select, [contenteditable]";
const MARKS = { statement: "statement", funder: "funder_name", award_id: "award_ids", scheme: "funding_scheme", title: "award_title" };

/** Gradio draws its component anew when it likes; the page stays. */
export function host({ element }) {
  const place = h("div", { class: "wb-place" });
  const slot = element.querySelector("[data-adjudicate]");
  slot.replaceChildren(place);
  mount(place);
}

export function mount(element) {
  const root = h("div", { class: "wb-cockpit wb-adjudicate", role: "region", "aria-label": t("quality.adjudicate.tab") });
  element.replaceChildren(root);
  const list = h("div", { class: "wb-adj-list" });
  const toasts = createToasts(root);
  const desk = createDesk(root, toasts, showList);
  root.prepend(list, desk.element);
  fillHeight(root);
  new IntersectionObserver(([seen]) => seen.isIntersecting && !desk.open && showList()).observe(root);

  async function showList() {
    desk.close();
    list.hidden = false;
    try {
      draw(await waiting());
    } catch (error) {
      if (error.name !== "Refused") throw error;
      const text = error.status === 403 ? t("quality.adjudicate.not_allowed") : error.message;
      list.replaceChildren(h("p", { class: "wb-nothing", role: "status", text }));
    }
  }

  function draw({ papers, for_others: others }) {
    const when = (text) => new Date(text).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
    const lines = papers.map(({ id, name, project, readers, since }) =>
      h("li", {}, h(
        "button",
        { type: "button", class: "wb-adj-paper", data: { paper: id }, "aria-label": t("quality.adjudicate.open", { name }), on: { click: () => enter(id) } },
        h("b", { text: name }),
        h("span", { class: "wb-sub", text: [project, t("quality.adjudicate.readers", { n: readers }), t("quality.adjudicate.since", { when: when(since) })].join(" · ") }),
      )),
    );
    list.replaceChildren(
      h("h2", { text: t("quality.adjudicate.title") }),
      lines.length ? h("ul", {}, lines) : h("p", { class: "wb-nothing", text: t("quality.adjudicate.none") }),
      others ? h("p", { class: "wb-sub", text: t("quality.adjudicate.for_others", { n: others }) }) : "",
    );
  }

  async function enter(id) {
    try {
      const told = await compare(id);
      list.hidden = true;
      desk.show(told);
    } catch (error) {
      if (error.name !== "Refused") throw error;
      toasts.show(error.message, { kind: "warn" });
      await showList();
    }
  }
}

/** One paper: the page on the left, the versions on the right. */
function createDesk(root, toasts, leave) {
  const api = createApi();
  const docs = createDocs(api);
  const pdf = createPdfPane({ api, docs, hear: { pick: picked, select() {} } });
  let text = null;
  let pane = pdf;
  let paper = null;
  let leaves = [];
  let selected = 0;
  let event = null; // the id of the save: a repeated one is known by it
  const clock = createClock(root);
  const rows = createRows({
    select: (id) => id !== selected && select(id),
    choose: (id, side) => put(id, { take: leaves[id].options[side] ? [side] : [] }),
    both: (id) => both(id),
    none: (id) => put(id, { take: [] }),
    edit: (id) => edit(id),
  });
  const name = h("h2", { class: "wb-name" });
  const state = h("span", { class: "wb-sub", role: "status" });
  const note = h("input", { class: "wb-adj-note", "aria-label": t("quality.adjudicate.note"), placeholder: t("quality.adjudicate.note_hint"), maxlength: "2000" });
  const save = button(t("quality.adjudicate.save"), () => send("save"), { key: "S", kind: "primary", name: "settle" });
  const header = h(
    "header",
    { class: "wb-header" },
    h("div", { class: "wb-paper" }, name, h("div", { class: "wb-about" }, state)),
    h("div", { class: "wb-actions" },
      button(t("quality.adjudicate.back"), () => leave(), { kind: "plain", name: "back" }),
      button(t("quality.adjudicate.flag"), () => send("flag"), { kind: "plain", name: "flag" }),
      save),
  );
  const outcome = h("div", { class: "wb-adj-outcome" });
  const panel = h(
    "section",
    { class: "wb-panel", "aria-label": t("quality.adjudicate.tab") },
    h("div", { class: "wb-panel-scroll wb-adj-scroll" }, rows.element),
    h("div", { class: "wb-adj-foot" }, h("h3", { class: "wb-title", text: t("quality.adjudicate.preview") }), outcome, note, h("p", { class: "wb-sub", text: t("quality.adjudicate.keys") })),
  );
  const split = createSplit(pdf.element, panel);
  const element = h("div", { class: "wb-adj-desk", hidden: true }, header, split.element);
  document.addEventListener("keydown", keydown);

  function show(told) {
    paper = told;
    leaves = leavesOf(told);
    event = newId();
    note.value = "";
    element.hidden = false;
    name.textContent = told.document.name;
    const { media_type: kind } = told.document;
    pane = kind === "application/pdf" ? pdf : (text ??= createTextPane({ api, hear: { pick: picked, select() {} } }));
    split.left(pane.element);
    if (pane.sha256 !== told.document.sha256) pane.show(told.document);
    pane.setMarks(marks());
    clock.restart();
    select(undecided(leaves)[0]?.id ?? 0);
  }

  /** Every place that a version names, once. */
  function marks() {
    return leaves.flatMap(({ id, kind, options }) => {
      const found = options.find((option) => option?.span);
      if (!found) return [];
      const { span, alignment, value } = found;
      return [{ key: String(id), kind: MARKS[kind], alignment, start: span.start, end: span.end, boxes: span.boxes ?? [], label: value ?? "" }];
    });
  }

  function picked(key) {
    select(Number(key));
  }

  function select(id) {
    selected = id;
    render();
    rows.show(id);
    pane.focus(String(id));
  }

  function render() {
    const open = undecided(leaves).length;
    rows.render(leaves, paper.sides, selected);
    outcome.replaceChildren(preview(answerOf(leaves)));
    state.textContent = open ? t("quality.adjudicate.undecided", { n: open }) : t("quality.adjudicate.all_decided");
    save.disabled = open > 0;
  }

  function put(id, choice) {
    if (!choice || !leaves[id]) return false;
    leaves = choose(leaves, id, choice);
    select(next(id) ?? id);
    return true;
  }

  const both = (id) => put(id, bothOf(leaves[id]));

  /** The next value that is open, from a value on and around. */
  function next(from) {
    const open = undecided(leaves).map((leaf) => leaf.id);
    return open.find((id) => id > from) ?? open[0] ?? null;
  }

  async function edit(id) {
    const label = t("quality.adjudicate.edit_label");
    const words = await askText(root, { title: t("quality.adjudicate.edit"), label, confirm: t("quality.adjudicate.edit"), value: startOf(leaves[id]) });
    if (words?.trim()) put(id, { own: words.trim() });
  }

  async function send(action) {
    if (!paper || (action === "save" && undecided(leaves).length)) return;
    const body = { base_seq: paper.head, action, answer: action === "save" ? answerOf(leaves) : null, note: note.value.trim() || null, lead_ms: clock.read(), client_event_id: event };
    save.disabled = true;
    try {
      const { readers } = await settle(paper.id, body);
      const names = Object.entries(readers).map(([letter, person]) => t("quality.adjudicate.was", { name: sideName({ name: letter }), person }));
      toasts.show(t("quality.adjudicate.saved", { readers: names.join(", ") }), { id: "saved" });
      await leave();
    } catch (error) {
      if (error.name !== "Refused") throw error;
      toasts.show(error.message, { kind: "bad", stay: true });
      save.disabled = false;
      if (error.status === 409) await leave();
    }
  }

  const KEYS = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    b: () => both(selected), 0: () => put(selected, { take: [] }), e: () => edit(selected),
    Enter: () => next(selected) !== null && select(next(selected)), S: () => send("save"),
  };

  function move(by) {
    select(Math.min(leaves.length - 1, Math.max(0, selected + by)));
  }

  function keydown(pressed) {
    if (!paper || !root.offsetParent || pressed.isComposing || pressed.defaultPrevented) return;
    if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || root.querySelector("dialog[open]")) return;
    const target = pressed.target instanceof Element ? pressed.target : document.body;
    if (target.closest(TYPING) || (target !== document.body && !root.contains(target))) return;
    const key = nameOf(pressed);
    if (key === "Enter" && target.closest("button")) return;
    const side = Number(key) - 1;
    if (side >= 0 && side < paper.sides.length) put(selected, { take: leaves[selected].options[side] ? [side] : [] });
    else if (Object.hasOwn(KEYS, key)) KEYS[key]();
    else return;
    pressed.preventDefault();
  }

  return {
    element, show,
    get open() {
      return paper !== null;
    },
    close() {
      paper = null;
      element.hidden = true;
    },
  };
}
