// The rows of the comparison: a value of each version to choose from, and the answer below them.

import { h, button } from "/desk/cockpit/dom.js";
import { wordDiff } from "/desk/cockpit/diff.js";
import { t } from "/desk/texts.js";
import { valuesOf } from "./choices.js";

export const sideName = ({ name }) =>
  name === "model" ? t("quality.adjudicate.model") : t("quality.adjudicate.reader", { name });

/** `hear` has choose(id, side), both(id), none(id), edit(id), select(id). */
export function createRows(hear) {
  const element = h("div", { class: "wb-adj-rows" });

  function render(leaves, sides, selected) {
    element.style.setProperty("--wb-sides", sides.length);
    const heads = sides.map((side) =>
      h("span", { class: "wb-adj-head" }, h("b", { text: sideName(side) }), h("span", { class: "wb-sub", text: said(side) })),
    );
    const parts = [h("div", { class: "wb-adj-heads" }, h("span"), heads)];
    let part = null;
    for (const leaf of leaves) {
      const name = leaf.kind === "statement" ? "statements" : "funders";
      if (name !== part) parts.push(h("h3", { class: "wb-title", text: t(`quality.adjudicate.${name}`) }));
      part = name;
      parts.push(row(leaf, sides, leaf.id === selected));
    }
    element.replaceChildren(...parts);
  }

  function row(leaf, sides, selected) {
    const label = t(`quality.adjudicate.kind_${leaf.kind}`);
    const state = leaf.choice === null ? "open" : leaf.agreed ? "agreed" : "done";
    const own = leaf.choice?.own;
    return h(
      "div",
      {
        class: `wb-adj-row wb-adj-${state}${selected ? " wb-selected" : ""}${leaf.award === undefined ? "" : " wb-adj-deep"}`,
        role: "group", "aria-label": t("quality.adjudicate.choose", { label }), data: { leaf: leaf.id, kind: leaf.kind },
        on: { pointerdown: () => hear.select(leaf.id) },
      },
      h("span", { class: "wb-adj-label" }, label, leaf.agreed ? h("span", { class: "wb-sub", text: t("quality.adjudicate.agreed") }) : null,
        leaf.disputed ? h("span", { class: "wb-adj-absent", text: t("quality.adjudicate.linked_otherwise") }) : null),
      sides.map((side, n) => option(leaf, side, n, selected)),
      selected && !leaf.agreed ? tools(leaf) : null,
      own === undefined ? null : h("p", { class: "wb-adj-own" }, h("span", { class: "wb-sub", text: `${t("quality.adjudicate.own")}: ` }), own),
    );
  }

  function option(leaf, side, n, selected) {
    const found = leaf.options[n];
    const linked = organisation(found?.link);
    const told = found ? (found.value ?? t("quality.adjudicate.unnamed")) : t("quality.adjudicate.nothing");
    const other = leaf.options[n === 0 ? 1 : 0];
    const taken = Boolean(leaf.choice?.take?.includes(n)) || Boolean(leaf.choice?.take && !leaf.choice.take.length && !found && !leaf.agreed);
    return h(
      "button",
      {
        type: "button", class: "wb-adj-option", "aria-pressed": String(taken), tabindex: selected ? "0" : "-1",
        data: { side: n }, "aria-label": `${sideName(side)}: ${told}${linked ? ` → ${linked}` : ""}`,
        on: { click: () => hear.choose(leaf.id, n) },
      },
      selected ? h("kbd", { class: "wb-kbd", text: n + 1, "aria-hidden": "true" }) : null,
      found ? words(found, other) : h("span", { class: "wb-sub", text: t("quality.adjudicate.nothing") }),
      linked ? h("span", { class: "wb-adj-org", text: `→ ${linked}` }) : null,
      found?.alignment === "absent" ? h("span", { class: "wb-adj-absent", text: t("quality.adjudicate.not_in_text") }) : null,
    );
  }

  function words({ value }, other) {
    if (value === null) return h("i", { text: t("quality.adjudicate.unnamed") });
    if (!other?.value || other.value === value) return h("span", { text: value });
    return h("span", {}, wordDiff(value, other.value).map(([text, fresh]) => h(fresh && text.trim() ? "mark" : "span", { text })));
  }

  function tools(leaf) {
    return h(
      "div",
      { class: "wb-adj-tools" },
      leaf.kind === "funder" ? null : button(t("quality.adjudicate.both"), () => hear.both(leaf.id), { key: "b", kind: "plain" }),
      button(t("quality.adjudicate.none_of"), () => hear.none(leaf.id), { key: "0", kind: "plain" }),
      button(t("quality.adjudicate.edit"), () => hear.edit(leaf.id), { key: "e", kind: "plain", name: "edit" }),
    );
  }

  return {
    element, render,
    show: (id) => element.querySelector(`[data-leaf="${id}"]`)?.scrollIntoView({ block: "nearest" }),
    row: (id) => element.querySelector(`[data-leaf="${id}"]`),
  };
}

function said({ verdict, note }) {
  const known = { no_funding: t("quality.adjudicate.said_no_funding"), flagged: t("quality.adjudicate.said_flagged") };
  return [known[verdict], note && `“${note}”`].filter(Boolean).join(" ");
}

/** The organisation of a link in words, its id with it: several have one name. */
function organisation(link) {
  if (!link) return "";
  if (!link.ror && !link.funder_id) return t("linking.none_of_these");
  return [link.name, link.ror?.replace("https://", "") ?? link.funder_id].filter(Boolean).join(" · ");
}

/** The words to begin with when a value is written anew. */
export const startOf = (leaf) => valuesOf(leaf)[0] ?? leaf.options.find((option) => option?.value)?.value ?? "";

/** The answer that comes of the choices, as lines. */
export function preview(answer) {
  const line = (text, kind, depth = 0) => h("li", { class: `wb-adj-line wb-depth-${depth}`, data: { kind }, text });
  const lines = answer.statements.map(({ text }) => line(text, "statement"));
  for (const [n, { funder_name: name, awards }] of answer.funders.entries()) {
    const linked = organisation(answer.links?.[n]);
    lines.push(line((name ?? t("quality.adjudicate.unnamed")) + (linked ? ` → ${linked}` : ""), "funder"));
    for (const award of awards) lines.push(line(Object.values(award).flat().join(" · "), "award", 1));
  }
  return lines.length ? h("ul", {}, lines) : h("p", { class: "wb-sub", text: t("quality.adjudicate.empty") });
}
