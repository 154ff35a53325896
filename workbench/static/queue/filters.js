// The controls above the table: status with its counts, search, order, and the rarer filters.

import { debounce, h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import { DEFAULTS, MORE } from "./state.js";

const STATUSES = ["", "proposed", "flagged", "skipped", "accepted", "corrected", "no_funding"];
const SORTS = ["worth", "uncertain", "newest", "oldest", "name"];

/** `change(part)` hears what was chosen. */
export function createFilters(change) {
  const search = h("input", { type: "search", class: "wb-q-search", placeholder: t("queue.search_hint"), "aria-label": t("queue.search"), maxlength: 200 });
  search.addEventListener("input", debounce(() => change({ q: search.value.trim() }), 250));
  const sort = select("sort", SORTS.map((name) => [name, t(`queue.sort.${name}`)]));
  const chips = STATUSES.map((name) =>
    h("button", { type: "button", class: "wb-q-chip", data: { status: name || "all" }, on: { click: () => change({ status: name }) } }),
  );
  const controls = {
    project: select("project"), assigned: select("assigned"), reason: select("reason"), decided_by: select("decided_by"),
    least: percent("least"), most: percent("most"), since: input("since", { type: "date" }), absent: tick("absent"),
  };
  const panel = h("div", { class: "wb-q-more", hidden: true, id: "wb-q-more" }, MORE.map((name) => labelled(name, controls[name])));
  const open = h("button", {
    type: "button", class: "wb-q-button", "aria-expanded": "false", "aria-controls": "wb-q-more", data: { action: "more" },
    on: { click: () => toggle(panel.hidden) },
  });
  const clear = h("button", { type: "button", class: "wb-q-button", data: { action: "clear" }, text: t("queue.clear"), on: { click: () => change({ ...DEFAULTS }) } });
  const bar = h("div", { class: "wb-q-bar" }, search, sort, open, clear);
  const status = h("div", { class: "wb-q-chips", role: "group", "aria-label": t("queue.filter.status") }, chips);

  function select(name, options = []) {
    const element = h("select", { class: "wb-q-select", "aria-label": t(`queue.filter.${name}`), data: { filter: name }, on: { change: () => change({ [name]: element.value }) } });
    element.append(...options.map(option));
    return element;
  }

  function input(name, props) {
    const element = h("input", { ...props, class: "wb-q-input", "aria-label": t(`queue.filter.${name}`), data: { filter: name }, on: { change: () => change({ [name]: read(name, element) }) } });
    return element;
  }

  function percent(name) {
    return input(name, { type: "number", min: 0, max: 100, step: 1 });
  }

  function tick(name) {
    return input(name, { type: "checkbox" });
  }

  function toggle(on) {
    panel.hidden = !on;
    open.setAttribute("aria-expanded", String(on));
  }

  /** Offer what there is; what is chosen stays in the list also where it is gone. */
  function offer({ projects, people, deciders, reasons }) {
    const fill = (element, some) => {
      const was = element.value;
      element.replaceChildren(option(["", t("queue.any")]), ...some.map(option));
      keep(element, was);
    };
    fill(controls.project, projects.map((name) => [name, name]));
    fill(controls.assigned, [["@me", t("queue.me")], ["@nobody", t("queue.nobody")], ...people.map((name) => [name, name])]);
    fill(controls.decided_by, [["@me", t("queue.me")], ...deciders.map((name) => [name, name])]);
    fill(controls.reason, reasons.map((kind) => [kind, t(`queue.reasons.${kind}`)]));
  }

  /** Show what is chosen, and how many papers there are of each status. */
  function show(filters, counts) {
    if (document.activeElement !== search) search.value = filters.q;
    sort.value = filters.sort;
    for (const name of MORE) write(name, controls[name], filters[name]);
    const active = MORE.filter((name) => filters[name] !== "").length;
    if (active && panel.hidden) toggle(true);
    open.textContent = active ? t("queue.more_n", { n: active }) : t("queue.more");
    clear.hidden = Object.keys(DEFAULTS).every((name) => name === "sort" || filters[name] === DEFAULTS[name]);
    chips.forEach((chip, at) => showChip(chip, STATUSES[at], filters.status, counts));
  }

  function showChip(chip, name, now, counts) {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const count = name ? counts[name] ?? 0 : all;
    chip.setAttribute("aria-pressed", String(name === now));
    chip.hidden = Boolean(name) && !count && name !== now && name !== "proposed";
    chip.replaceChildren(t(name ? `common.status.${name}` : "queue.all"), " ", h("b", { text: count.toLocaleString() }));
  }

  return { bar, status, panel, search, offer, show };
}

const option = ([value, text]) => h("option", { value, text });

function labelled(name, control) {
  return h("label", { class: "wb-q-label" }, h("span", { text: t(`queue.filter.${name}`), "aria-hidden": "true" }), control);
}

function read(name, element) {
  if (name === "absent") return element.checked ? "true" : "";
  if (name === "least" || name === "most") return element.value === "" ? "" : String(Math.max(0, Math.min(100, Number(element.value))) / 100);
  return element.value;
}

function write(name, element, value) {
  if (document.activeElement === element && element.type !== "checkbox") return;
  if (name === "absent") element.checked = value === "true";
  else if (name === "least" || name === "most") element.value = value === "" ? "" : Math.round(100 * Number(value));
  else if (element.tagName === "SELECT") keep(element, value);
  else element.value = value;
}

function keep(element, value) {
  if (![...element.options].some((known) => known.value === value)) element.append(option([value, value || t("queue.any")]));
  element.value = value;
}
