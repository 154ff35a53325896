// Between the contract's Answer and the draft's rows: ids for every row and value, paths for fields.

import { t } from "../texts.js";

export const SLOTS = ["award_ids", "funding_scheme", "award_title"];
export const KIND_NAMES = {
  statement: t("cockpit.kind.statement"),
  funder_name: t("cockpit.kind.funder_name"),
  award_ids: t("cockpit.kind.award_ids"),
  funding_scheme: t("cockpit.kind.funding_scheme"),
  award_title: t("cockpit.kind.award_title"),
};

export const newId = () =>
  crypto.randomUUID?.() ?? // only in secure contexts: a server reached by name over http has none
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0"))
    .join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/** Rows with stable ids. A value's id is only known here; a row's id also goes to the server. */
export function fromAnswer(answer) {
  const ids = answer?.row_ids ?? null;
  return {
    statements: (answer?.statements ?? []).map((statement, i) => ({
      id: ids?.statements?.[i] ?? newId(),
      text: statement.text ?? "",
      span: statement.span ?? null,
      alignment: statement.alignment ?? "absent",
      confidence: statement.confidence ?? null,
    })),
    funders: (answer?.funders ?? []).map((funder, i) => fromFunder(funder, ids?.funders?.[i], answer.links?.[i])),
    accepted: {},
    rejected: {}, // struck through: still shown, not sent
    reasons: {}, // why a value stays that is not in the text
  };
}

function fromFunder(funder, ids, link) {
  return {
    id: ids?.id ?? newId(),
    name: funder.funder_name ?? "",
    link: chosen(link),
    awards: (funder.awards ?? []).map((award, i) => fromAward(award, ids?.awards?.[i])),
  };
}

/** A link that somebody chose; those made by themselves are made anew each time. */
const chosen = (link) => (link && link.method !== "automatic" ? link : null);

function fromAward(award, id) {
  const row = { id: id ?? newId() };
  for (const slot of SLOTS) {
    row[slot] = (award[slot] ?? []).map((value) => ({ id: newId(), value }));
  }
  row.blank = SLOTS.every((slot) => !row[slot].length); // came in empty, so it goes out empty
  return row;
}

/** Every field in the order of the form; `path` is null where the field is empty and not sent. */
export function fieldsOf(state) {
  const sent = toAnswer(state);
  const rejected = state.rejected ?? {};
  const fields = state.statements.map((row, index) => ({
    rejected: row.id in rejected,
    key: row.id,
    kind: "statement",
    value: row.text,
    row: row.id,
    index,
    path: sent.paths.get(row.id) ?? null,
  }));
  state.funders.forEach((funder, funderIndex) => {
    const whole = `${funder.id}:name` in rejected;
    const place = { funder: funder.id, funderIndex, rejected: whole };
    fields.push({
      ...place,
      key: `${funder.id}:name`,
      kind: "funder_name",
      value: funder.name,
      row: funder.id,
      path: sent.paths.get(`${funder.id}:name`) ?? null,
    });
    funder.awards.forEach((award, awardIndex) => {
      for (const slot of SLOTS) {
        award[slot].forEach((item, index) =>
          fields.push({
            ...place,
            rejected: whole || item.id in rejected,
            key: item.id,
            kind: slot,
            value: item.value,
            row: award.id,
            award: award.id,
            awardIndex,
            index,
            path: sent.paths.get(item.id) ?? null,
          }),
        );
      }
    });
  });
  return fields;
}

const clean = (text) => text.trim();

/**
 * What is sent: empty and rejected values, awards and funders left out.
 * `paths` maps a field's key to its JSON pointer, `keys` the other way round.
 */
export function toAnswer(state) {
  const paths = new Map();
  const rejected = state.rejected ?? {};
  const statements = state.statements.filter((row) => clean(row.text) && !(row.id in rejected));
  statements.forEach((row, i) => paths.set(row.id, `/statements/${i}`));
  const funders = [];
  const links = [];
  const ids = { statements: statements.map((row) => row.id), funders: [] };
  for (const funder of state.funders) {
    if (`${funder.id}:name` in rejected) continue;
    const found = new Map();
    const sent = funder.awards.map((award) => [award, toAward(award, found, rejected)]);
    const awards = sent.filter(([award, out]) => award.blank || SLOTS.some((s) => out[s].length));
    const name = clean(funder.name) || null;
    if (name === null && !awards.length) continue;
    const at = `/${funders.length}`;
    paths.set(`${funder.id}:name`, `${at}/funder_name`);
    awards.forEach(([award], i) => {
      for (const [key, tail] of found.get(award.id)) paths.set(key, `${at}/awards/${i}/${tail}`);
    });
    links.push(funder.link ?? null);
    funders.push({ funder_name: name, awards: awards.map(([, out]) => out) });
    ids.funders.push({ id: funder.id, awards: awards.map(([award]) => award.id) });
  }
  const keys = new Map([...paths].map(([key, path]) => [path, key]));
  const answer = { statements: statements.map(toStatement), funders, row_ids: ids, links: links.some(Boolean) ? links : [] };
  return { answer, paths, keys };
}

function toStatement({ text, span, alignment, confidence }) {
  return { text: clean(text), span: span ?? null, alignment, confidence };
}

function toAward(award, found, rejected) {
  const out = {};
  const tails = [];
  for (const slot of SLOTS) {
    const kept = award[slot].filter((item) => clean(item.value) && !(item.id in rejected));
    kept.forEach((item, i) => tails.push([item.id, `${slot}/${i}`]));
    out[slot] = kept.map((item) => clean(item.value));
  }
  found.set(award.id, tails);
  return out;
}

/** What counts as a change: the words, not where they stand nor what the rows are called. */
export function signature(answer) {
  const links = answer.funders.map((_, i) => chosen(answer.links?.[i])).map((link) => link && [link.ror, link.funder_id]);
  return JSON.stringify([answer.statements.map((s) => s.text), answer.funders, links]);
}

/** A field's path as a JSON pointer into the answer, as reasons and comments name it. */
export const pointerOf = (path) => (path.startsWith("/statements/") ? path : `/funders${path}`);

/** The kind of value that a path or pointer leads to. */
export function kindOf(path) {
  const parts = path.split("/");
  if (parts[1] === "statements") return "statement";
  return parts.at(-1) === "funder_name" ? "funder_name" : parts.at(-2);
}

/** The key of the field that a server's error path means: "/funders/0/awards/1/award_ids/0". */
export function keyOfError(path, keys) {
  const parts = String(path).replace(/^\/funders(?=\/)/, "");
  for (let at = parts; at; at = at.slice(0, at.lastIndexOf("/"))) {
    const key = keys.get(at) ?? keys.get(`${at}/funder_name`);
    if (key) return key;
  }
  return null;
}
