// What happened to the paper, newest first: what models said, what people decided and said of it.

import { may, whyNot } from "../people/role.js";
import { t } from "../texts.js";
import { KIND_NAMES, kindOf } from "./answer.js";
import { linesOf, sideBySide } from "./diff.js";
import { button, h } from "./dom.js";
import { duration } from "./pace.js";
import { shownDiff } from "./remarks.js";

const KINDS = ["all", "decisions", "comments", "model"];

const when = (text) => {
  const date = new Date(text);
  return Number.isNaN(date.getTime())
    ? text
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
};
const model = ({ model: name, adapter }) => (adapter ? `${name}, ${adapter}` : name);

/** `ctx` has review, api, decisions, opening, talk. */
export function createHistory(ctx) {
  const list = h("ol", { class: "wb-history" });
  const state = h("p", { class: "wb-history-state", role: "status" });
  const choices = KINDS.map((kind) =>
    button(t(`review.history_${kind}`), () => choose(kind), { kind: "plain", name: `history-${kind}` }),
  );
  const say = button(t("review.comment"), () => ctx.talk.onPaper(), { symbol: "talk", name: "comment-paper", kind: "plain", key: "C" });
  const bar = h("div", { class: "wb-history-bar", role: "group", "aria-label": t("review.history_show") }, choices, h("span", { class: "wb-space" }), say);
  const element = h("div", { class: "wb-timeline" }, bar, state, list);
  let chosen = "all";
  let told = null;
  let turn = 0;

  function choose(kind) {
    chosen = kind;
    choices.forEach((each, i) => each.setAttribute("aria-pressed", String(KINDS[i] === kind)));
    if (told) show();
  }

  /** Ask for the history of the open paper. */
  async function load() {
    const { review } = ctx;
    if (!review) return;
    const mine = (turn += 1);
    if (told?.id !== review.id) {
      told = null;
      list.replaceChildren();
      state.textContent = t("review.history_loading");
    }
    try {
      const found = await ctx.api.history(review.id);
      if (mine !== turn || review !== ctx.review) return;
      told = found;
      show();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      if (mine === turn) state.textContent = error.message;
    }
  }

  function show() {
    const at = (entry, kind, make) => ({ kind, at: entry.created_at, element: () => make(entry) });
    const entries = [
      ...told.proposals.map((entry) => at(entry, "model", proposed)),
      ...told.revisions.map((entry) => at(entry, "decisions", decided)),
      ...told.comments.map((entry) => at(entry, "comments", commented)),
    ];
    const shown = entries.filter(({ kind }) => chosen === "all" || kind === chosen);
    shown.sort((a, b) => b.at.localeCompare(a.at));
    say.disabled = !may("curator");
    say.title = whyNot() || `${t("review.comment")} (C)`;
    list.replaceChildren(...shown.map((entry) => entry.element()));
    state.textContent = shown.length ? "" : t("review.history_empty");
  }

  function decided(entry) {
    const { seq, kind, verdict, actor, note, restores, reasons, lead_ms: lead, proposal } = entry;
    const how = kind === "save" ? null : t(`review.kind_${kind}`, { seq: restores ?? "" });
    const restore = seq === told.head || !may("curator") ? null : button(t("review.restore"), () => ctx.decisions.restore(seq), { symbol: "back", name: "restore", kind: "plain", id: String(seq) });
    return h(
      "li",
      { class: "wb-revision", data: { seq, kind } },
      h("div", { class: "wb-entry-head" },
        h("span", { class: "wb-seq", text: `#${seq}` }),
        h("span", { class: "wb-status", text: t(`common.status.${verdict}`), data: { status: verdict } }),
        how ? h("span", { class: "wb-revision-kind", text: how }) : null,
        h("span", { class: "wb-actor", text: actor }),
        lead ? h("span", { class: "wb-sub", text: duration(lead) }) : null,
        h("time", { class: "wb-when", datetime: entry.created_at, text: when(entry.created_at) })),
      note ? h("p", { class: "wb-revision-note", text: note }) : null,
      changes(entry),
      explained(entry.after, reasons),
      h("div", { class: "wb-entry-foot" },
        h("span", { class: "wb-sub", text: proposal ? t("review.stood_on", { model: model(proposal) }) : "" }),
        restore),
    );
  }

  function proposed(entry) {
    const sure = entry.confidence === null ? null : t("review.least_sure", { share: Math.round(entry.confidence * 100) });
    const facts = [sure, entry.absent ? t("review.absent_values", { n: entry.absent }) : null, entry.error];
    const start = { answer: entry.answer, accepted: [], base_seq: told.head, reason: "proposal" };
    const take = button(t("review.load_proposal"), () => ctx.opening.open(told.id, { start }), { name: "load-proposal", kind: "plain" });
    return h(
      "li",
      { class: "wb-revision wb-entry-model" },
      h("div", { class: "wb-entry-head" },
        h("span", { class: "wb-status", text: t("review.proposed_by", { model: model(entry) }) }),
        h("time", { class: "wb-when", datetime: entry.created_at, text: when(entry.created_at) })),
      h("p", { class: "wb-sub", text: facts.filter(Boolean).join(" · ") }),
      whole(entry.answer),
      h("div", { class: "wb-entry-foot" }, take),
    );
  }

  choose("all");
  return { element, load };
}

function commented({ person, body, value, path, created_at: at }) {
  return h(
    "li",
    { class: "wb-revision wb-entry-comment" },
    h("div", { class: "wb-entry-head" },
      h("span", { class: "wb-actor", text: person }),
      value ? h("span", { class: "wb-sub", text: t("review.about", { name: `${KIND_NAMES[kindOf(path)]}: ${value}` }) }) : null,
      h("time", { class: "wb-when", datetime: at, text: when(at) })),
    h("p", { class: "wb-comment-body", text: body }),
  );
}

/** What a revision changed, each line with the funder that it belongs to. */
function changes({ before, after, verdict }) {
  if (!after) return h("p", { class: "wb-sub", text: t(verdict === "proposed" ? "review.back_to_model" : "review.answer_left") });
  const rows = sideBySide(before ? linesOf(before) : [], linesOf(after)).filter(([, , same]) => !same);
  const told = rows.filter(([left, right]) => (left ?? right).text);
  if (!told.length) return h("p", { class: "wb-sub", text: t("review.nothing_changed") });
  return h("ul", { class: "wb-changes" }, told.map(([left, right]) => {
    const line = right ?? left;
    return h(
      "li",
      { class: "wb-change" },
      h("span", { class: "wb-line-label", text: line.label }),
      h("span", { class: "wb-change-words" }, shownDiff(left?.text ?? "", right?.text ?? ""),
        line.of ? h("span", { class: "wb-sub", text: ` ${t("review.of_funder", { name: line.of })}` }) : null),
    );
  }));
}

function explained(answer, reasons) {
  const known = Object.entries(reasons ?? {});
  if (!known.length) return null;
  return h("ul", { class: "wb-explained" }, known.map(([path, reason]) =>
    h("li", {}, h("b", { text: valueAt(answer, path) ?? path }), h("span", { text: ` ${t("review.stays_because", { reason })}` })),
  ));
}

function valueAt(answer, path) {
  const found = path.split("/").slice(1).reduce((at, part) => at?.[part], answer);
  return typeof found === "string" ? found : (found?.text ?? null);
}

function whole(answer) {
  const lines = linesOf(answer).filter(({ text }) => text);
  return h(
    "details",
    { class: "wb-whole" },
    h("summary", { text: t("review.whole_answer", { n: lines.length }) }),
    h("ul", { class: "wb-changes" }, lines.map(({ label, text }) =>
      h("li", { class: "wb-change" }, h("span", { class: "wb-line-label", text: label }), h("span", { class: "wb-change-words", text })),
    )),
  );
}
