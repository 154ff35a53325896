// The form: statements, funders, awards. Shows a review and tells what is done to its fields.

import { KIND_NAMES, SLOTS } from "./answer.js";
import { createField } from "./field.js";
import { button, h } from "./dom.js";
import { ALIGNMENTS } from "./review.js";
import { arrange, awardRow, funderRow, statementRow } from "./rows.js";
import { t } from "../texts.js";

const ENDS = { "{first}": "1", "{last}": "5" }; // keys in the sentence of the empty form

/**
 * `hear` has select(key), input(key, value), leave(key), entered(key), emptied(key), tab(key, event),
 * tick(key), reject(key), model(key), why(key), talk(key), split(key), row(name, id), addStatement(), addFunder(), addAward(funder),
 * addValue(award, slot), moveAward(award, funder), link(funder, link), linkFacts(funder row),
 * findFunders(text, signal).
 */
export function createForm(hear) {
  const attention = h("section", { class: "wb-attention", "aria-label": t("cockpit.form.attention") });
  const statements = h("div", { class: "wb-list" });
  const funders = h("div", { class: "wb-list" });
  const counts = { statements: h("span", { class: "wb-count" }), funders: h("span", { class: "wb-count" }) };
  const part = (title, count, list, label, run, name) =>
    h(
      "section",
      { class: "wb-part", "aria-label": title },
      h(
        "header",
        { class: "wb-part-head" },
        h("h3", { class: "wb-title", text: title }),
        count,
        button(label, run, { symbol: "plus", name, kind: "ghost" }),
      ),
      list,
    );
  const empty = h(
    "p",
    { class: "wb-nothing", hidden: true },
    t("cockpit.form.nothing").split(/(\{\w+\})/).map((part) => (part in ENDS ? h("kbd", { class: "wb-kbd", text: ENDS[part] }) : part)),
  );
  const element = h(
    "div",
    { class: "wb-form" },
    attention,
    part(t("cockpit.form.statements"), counts.statements, statements, KIND_NAMES.statement, hear.addStatement, "add-statement"),
    part(t("cockpit.form.funders"), counts.funders, funders, KIND_NAMES.funder_name, hear.addFunder, "add-funder"),
    empty,
  );

  let fields = new Map(); // key -> field
  let rows = new Map(); // id -> row
  let selected = null;
  const fieldHear = {
    ...hear,
    enter: (key) => {
      choose(key);
      hear.select(key, { editing: true });
    },
    select: (key) => select(key),
  };

  /** Show the review's state; rows and fields that are still there keep their elements. */
  function render(state, views) {
    const byKey = new Map(views.map((view) => [view.key, view]));
    const keptFields = new Map();
    const keptRows = new Map();
    const field = (key, name) => {
      const view = byKey.get(key);
      const found = fields.get(key) ?? createField(key, view.kind, fieldHear);
      keptFields.set(key, found);
      found.update(view, name);
      return found.element;
    };
    const row = (id, make) => {
      const found = rows.get(id) ?? make(id, hear);
      keptRows.set(id, found);
      return found;
    };
    empty.hidden = views.length > 0;
    const standing = (kind) => views.filter((view) => view.kind === kind && !view.rejected).length;
    counts.statements.textContent = String(standing("statement"));
    counts.funders.textContent = String(standing("funder_name"));
    arrange(statements, state.statements.map((each, i) => {
      const found = row(each.id, statementRow);
      found.update(field(each.id, `${KIND_NAMES.statement} ${i + 1}`));
      return found.element;
    }));
    arrange(funders, state.funders.map((each, i) => drawFunder(state, each, i, row, field)));
    fields = keptFields;
    rows = keptRows;
    choose(selected);
  }

  function drawFunder(state, funder, index, row, field) {
    const others = state.funders.filter((each) => each !== funder).map(({ id, name }) => [id, name]);
    const awards = funder.awards.map((award, i) => {
      const found = row(award.id, awardRow);
      const lists = Object.fromEntries(
        SLOTS.map((slot) => [
          slot,
          award[slot].map((item, n) =>
            field(item.id, t("cockpit.form.value", { kind: KIND_NAMES[slot], at: n + 1, award: i + 1, funder: index + 1 })),
          ),
        ]),
      );
      found.update(i, lists, others);
      return found.element;
    });
    const found = row(funder.id, funderRow);
    const name = field(`${funder.id}:name`, `${KIND_NAMES.funder_name} ${index + 1}`);
    found.update(index, state.funders.length, funder.name, name, awards);
    found.link.update(funder.link, hear.linkFacts(funder));
    return found.element;
  }

  /** The strip at the top: what is not in the text first. `doubts` are views of fields. */
  function warn(doubts, quiet) {
    attention.hidden = quiet;
    attention.classList.toggle("wb-clear", !doubts.length);
    if (!doubts.length) {
      attention.replaceChildren(h("span", { class: "wb-attention-none", text: t("cockpit.form.clear") }));
      return;
    }
    attention.replaceChildren(
      h("span", { class: "wb-attention-head", text: `${t("cockpit.form.attention")} (${doubts.length})` }),
      ...doubts.slice(0, 12).map((view) => attentionItem(view, () => select(view.key))),
      ...(doubts.length > 12 ? [h("span", { class: "wb-more", text: t("review.save_more", { n: doubts.length - 12 }) })] : []),
    );
  }

  /** Mark a field as the selected one, without moving the focus. */
  function choose(key) {
    selected = fields.has(key) ? key : null;
    for (const [each, field] of fields) field.choose(each === selected);
  }

  /** Select a field and put the focus on it as a whole. */
  function select(key, { focus = true } = {}) {
    const field = fields.get(key);
    if (!field) return;
    choose(key);
    if (focus) field.element.focus({ preventScroll: true });
    field.element.scrollIntoView({ block: "nearest" });
    hear.select(key, { editing: false });
  }

  function edit(key) {
    const input = fields.get(key)?.input;
    if (!input) return;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  return {
    element, render, warn, select, edit,
    openLink: (funderId) => rows.get(funderId)?.link.open(),
    get selected() {
      return selected;
    },
    get editing() {
      return [...fields].find(([, field]) => field.input === document.activeElement)?.[0] ?? null;
    },
  };
}

function attentionItem(view, run) {
  const why = view.error ?? ALIGNMENTS[view.alignment].text;
  const text = view.value.length > 34 ? `${view.value.slice(0, 33)}…` : view.value || KIND_NAMES[view.kind];
  const item = button(text, run, { symbol: view.alignment === "fuzzy" ? "fuzzy" : "absent", name: "attend", id: view.key });
  item.classList.add("wb-attend", `wb-attend-${view.alignment}`);
  item.append(h("span", { class: "wb-why", text: why }));
  item.title = `${KIND_NAMES[view.kind]}: ${view.value} (${why})`;
  return item;
}
