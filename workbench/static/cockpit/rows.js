// The rows around the fields: statements, funders, awards, with their tools.

import { KIND_NAMES, SLOTS } from "./answer.js";
import { button, h } from "./dom.js";
import { createLink } from "./link.js";
import { t } from "../texts.js";

/** Put `nodes` into `parent` in order, moving only what stands elsewhere: focus stays where it is. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => {
    if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null);
  });
}

/** Buttons of a row; `run(name)` hears which. */
function tools(what, run) {
  const make = (label, name, symbol, key) =>
    button(label, () => run(name), { quiet: true, symbol, name, key });
  return h(
    "span",
    { class: "wb-tools", role: "group", "aria-label": t("cockpit.row.arrange", { what }) },
    make(t("cockpit.row.up", { what }), "up", "up", "["),
    make(t("cockpit.row.down", { what }), "down", "down", "]"),
    make(t("cockpit.row.drop", { what }), "drop", "absent"),
  );
}

export function statementRow(id, hear) {
  const slot = h("div", { class: "wb-row-field" });
  const element = h(
    "div",
    { class: "wb-row wb-statement", data: { row: id } },
    slot,
    tools(t("cockpit.within.statement"), (name) => hear.row(name, id)),
  );
  return { element, update: (field) => arrange(slot, [field]) };
}

export function funderRow(id, hear) {
  const number = h("span", { class: "wb-number", "aria-hidden": "true" });
  const slot = h("div", { class: "wb-row-field" });
  const awards = h("div", { class: "wb-awards" });
  const link = createLink(id, hear);
  const element = h(
    "div",
    { class: "wb-row wb-funder", data: { row: id }, role: "group" },
    h("div", { class: "wb-funder-head" }, number, slot, tools(t("cockpit.within.funder_name"), (name) => hear.row(name, id))),
    link.element,
    awards,
    button(t("cockpit.award"), () => hear.addAward(id), { symbol: "plus", name: "add-award", kind: "ghost", title: t("cockpit.row.add_award") }),
  );
  function update(index, total, name, field, rows) {
    number.textContent = String(index + 1);
    element.setAttribute("aria-label", t("cockpit.row.funder", { at: index + 1, total, name: name || t("cockpit.row.no_name") }));
    arrange(slot, [field]);
    arrange(awards, rows);
  }
  return { element, update, link };
}

export function awardRow(id, hear) {
  const lists = Object.fromEntries(SLOTS.map((slot) => [slot, valueList(id, slot, hear)]));
  const move = h("select", {
    class: "wb-moveto",
    "aria-label": t("cockpit.row.move"),
    title: t("cockpit.row.move"),
    tabindex: "-1",
    on: {
      change: () => {
        const target = move.value;
        move.value = "";
        if (target) hear.moveAward(id, target);
      },
    },
  });
  const box = tools(t("cockpit.within.award"), (name) => hear.row(name, id));
  box.prepend(move);
  const element = h(
    "div",
    { class: "wb-row wb-award", data: { row: id }, role: "group" },
    h("div", { class: "wb-slots" }, SLOTS.map((slot) => lists[slot].element)),
    box,
  );
  let offered = "";

  /** `others` are the funders that the award may go to: [id, name]. */
  function update(index, fields, others) {
    element.setAttribute("aria-label", `${t("cockpit.award")} ${index + 1}`);
    for (const slot of SLOTS) lists[slot].update(fields[slot]);
    const offer = JSON.stringify(others);
    move.hidden = !others.length;
    if (offer === offered) return;
    offered = offer;
    move.replaceChildren(
      h("option", { value: "", text: t("cockpit.row.move_to") }),
      ...others.map(([value, name]) => h("option", { value, text: name || t("cockpit.unnamed") })),
    );
  }
  return { element, update };
}

const LETTERS = Math.max(...SLOTS.map((slot) => KIND_NAMES[slot].length)); // the names of the slots are one column

function valueList(awardId, slot, hear) {
  const name = KIND_NAMES[slot];
  const chips = h("div", { class: "wb-chips" });
  const add = button(name, () => hear.addValue(awardId, slot), {
    symbol: "plus",
    name: `add-${slot}`,
    kind: "ghost",
    title: t("cockpit.row.add_title", { kind: t(`cockpit.within.${slot}`) }),
  });
  add.setAttribute("aria-label", t("cockpit.row.add", { kind: t(`cockpit.within.${slot}`) }));
  const element = h(
    "div",
    { class: "wb-slot", data: { slot }, style: { "--wb-letters": LETTERS } },
    h("span", { class: "wb-slot-name" }, h("i", { class: `wb-dot wb-dot-${slot}` }), name),
    chips,
  );
  function update(fields) {
    element.classList.toggle("wb-empty", !fields.length);
    arrange(chips, [...fields, add]);
  }
  return { element, update };
}
