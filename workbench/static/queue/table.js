// The rows: a paper, why it is worth a look, how it stands, who has it.

import { h } from "/desk/cockpit/dom.js";
import { language, t } from "/desk/texts.js";

const MOST_REASONS = 3;
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });

/** `hear` has open(id), toggle(id, on, range), all(on); `selection` says what is selected. */
export function createTable(selection, hear) {
  const every = h("input", { type: "checkbox", "aria-label": t("queue.select_page"), on: { change: () => hear.all(every.checked) } });
  const body = h("tbody");
  const heads = ["paper", "status", "confidence", "statements", "funders", "pages", "people", "changed"];
  const head = h("tr", {}, h("th", { scope: "col", class: "wb-q-tick" }, every), heads.map((name) => h("th", { scope: "col", class: `wb-q-${name}`, text: t(`queue.head.${name}`) })));
  const element = h("table", { class: "wb-table wb-queue" }, h("thead", {}, head), body);
  let items = [];

  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (!row) return;
    const id = Number(row.dataset.record);
    if (event.target.matches("input")) hear.toggle(id, event.target.checked, event.shiftKey);
    else if (!event.target.closest(".wb-q-tick")) {
      event.preventDefault();
      hear.open(id);
    }
  });

  function show(next) {
    const focused = document.activeElement?.closest?.(".wb-queue tbody tr")?.dataset.record;
    const onBox = document.activeElement?.matches?.("input");
    items = next;
    body.replaceChildren(...items.map(row));
    mark();
    if (focused) body.querySelector(`tr[data-record="${focused}"] ${onBox ? "input" : "a"}`)?.focus();
  }

  function row(item) {
    const name = h("a", { href: `#record=${item.id}`, text: item.name, title: item.name });
    const box = h("input", { type: "checkbox", "aria-label": t("queue.select", { name: item.name }) });
    const numbers = ["n_statements", "n_funders", "pages"].map((key) => item[key] ?? "");
    return h(
      "tr",
      { data: { record: item.id } },
      h("td", { class: "wb-q-tick" }, box),
      h("td", { class: "wb-q-paper" }, name, why(item)),
      h("td", { class: "wb-q-status" }, status(item)),
      h("td", { class: "wb-q-confidence" }, confidence(item)),
      ["statements", "funders", "pages"].map((key, at) => h("td", { class: `wb-q-${key} wb-q-number`, text: numbers[at] })),
      h("td", { class: "wb-q-people" }, people(item)),
      h("td", { class: "wb-q-changed", text: day.format(new Date(item.updated_at)), title: moment.format(new Date(item.updated_at)) }),
    );
  }

  /** Tick the boxes of what is selected. */
  function mark() {
    let ticked = 0;
    for (const line of body.rows) {
      const on = selection.has(Number(line.dataset.record));
      line.querySelector("input").checked = on;
      line.classList.toggle("wb-q-selected", on);
      ticked += on;
    }
    every.checked = ticked > 0 && ticked === items.length;
    every.indeterminate = ticked > 0 && ticked < items.length;
  }

  /** Move the focus by rows; from nowhere to the first. Returns the row's paper. */
  function move(step) {
    const rows = [...body.rows];
    const at = rows.indexOf(current());
    const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
    next?.querySelector("a").focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  const current = () => document.activeElement?.closest?.(".wb-queue tbody tr") ?? null;
  return { element, show, mark, move, current: () => Number(current()?.dataset.record) || null, items: () => items };
}

function why({ reasons, worth }) {
  if (!reasons.length) return null;
  const texts = reasons.map(reasonText);
  const more = reasons.length - MOST_REASONS;
  const full = t("queue.worth", { percent: Math.round(100 * worth), reasons: texts.join("; ") });
  return h(
    "span",
    { class: "wb-q-why", title: full },
    reasons.slice(0, MOST_REASONS).map(({ kind }, at) => h("span", { class: "wb-q-reason", data: { kind }, text: texts[at] })),
    more > 0 ? h("span", { class: "wb-q-reason", text: `+${more}`, "aria-label": texts.slice(MOST_REASONS).join("; ") }) : null,
  );
}

export function reasonText({ kind, detail }) {
  try {
    return t(`queue.reason.${kind}`, { detail }).replace(/[:\s]+$/, "");
  } catch {
    return detail ? `${kind}: ${detail}` : kind; // a kind that a newer server knows
  }
}

function status({ status: name, job }) {
  const chip = (kind, text, title) => h("span", { class: `wb-chip wb-${kind}`, text, title });
  if (name === "proposed" && ["queued", "running"].includes(job?.state)) return chip(job.state, t(`queue.model.${job.state}`));
  if (name === "proposed" && job?.state === "failed") return chip("failed", t("queue.model.failed"), job.error);
  return chip(name, t(`common.status.${name}`));
}

function confidence({ confidence: score, absent }) {
  const missing = absent ? h("span", { class: "wb-absent", text: t("queue.absent", { n: absent }) }) : null;
  if (score === null) return [missing];
  const percent = Math.round(100 * score);
  return [h("span", { class: "wb-meter", "aria-hidden": "true" }, h("i", { style: { width: `${percent}%` } })), `${percent} %`, missing];
}

function people({ opened_by: opener, assigned }) {
  return [
    opener ? h("span", { class: "wb-chip wb-q-open", text: t("queue.opened_by", { name: opener }) }) : null,
    assigned.length ? h("span", { class: "wb-q-assigned", text: assigned.join(", ") }) : null,
  ];
}
