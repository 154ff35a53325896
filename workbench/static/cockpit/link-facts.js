// What the server told of funders' organisations and of award ids, for as long as it holds.

import { toAnswer } from "./answer.js";
import { t } from "../texts.js";

export class LinkFacts {
  constructor() {
    this.links = new Map(); // "funderId name" -> facts
    this.hints = new Map(); // "fieldKey value" -> {hint, funder}
    this.asked = new Set(); // funders, names and ids that the server was asked about
  }

  /** Take what came with an answer: `sent` is what toAnswer made of it. */
  learn({ links = [], hints = {} }, sent) {
    const { answer, keys } = sent;
    answer.funders.forEach((funder, i) => {
      const key = keys.get(`/${i}/funder_name`);
      if (key && links[i]) this.links.set(`${key} ${funder.funder_name ?? ""}`, links[i]);
      funder.awards.forEach((award, j) =>
        award.award_ids.forEach((value, k) => {
          const path = `/${i}/awards/${j}/award_ids/${k}`;
          const place = placeOf(keys.get(path), value, funder, answer.links[i]);
          this.asked.add(place);
          if (hints[path]) this.hints.set(place, hints[path]);
        }),
      );
    });
  }

  of(funder) {
    return this.links.get(`${funder.id}:name ${funder.name.trim()}`) ?? null;
  }

  /** Whether a state has a funder or an award id that the server was not asked about. */
  wants(state) {
    const sent = toAnswer(state);
    return sent.answer.funders.some((funder, i) => {
      const key = sent.keys.get(`/${i}/funder_name`);
      if (key && !this.links.has(`${key} ${funder.funder_name ?? ""}`)) return true;
      return funder.awards.some((award, j) =>
        award.award_ids.some((value, k) => {
          const at = sent.keys.get(`/${i}/awards/${j}/award_ids/${k}`);
          return !this.asked.has(placeOf(at, value, funder, sent.answer.links[i]));
        }),
      );
    });
  }

  /** The hint of each award id of a state, as a sentence, by the field's key. */
  sentences(state) {
    const { answer, keys } = toAnswer(state);
    const found = new Map();
    answer.funders.forEach((funder, i) =>
      funder.awards.forEach((award, j) =>
        award.award_ids.forEach((value, k) => {
          const key = keys.get(`/${i}/awards/${j}/award_ids/${k}`);
          const hint = this.hints.get(placeOf(key, value, funder, answer.links[i]));
          if (hint) found.set(key, { kind: hint.kind, text: sentence(hint) });
        }),
      ),
    );
    return found;
  }
}

const placeOf = (key, value, funder, link) => JSON.stringify([key, value, funder.funder_name, link?.ror ?? null]);

function sentence({ kind, looks_like: looks, funder, expected }) {
  if (kind === "fits") return t("linking.hint_fits", { looks });
  if (kind === "check") return t("linking.hint_check", { looks, expected });
  if (kind === "same") return t("linking.hint_same", { expected });
  return funder ? t("linking.hint_other", { looks, funder }) : t("linking.hint_looks", { looks });
}
