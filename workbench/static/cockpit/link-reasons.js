// Why an organisation is offered, in the curator's language: the server says it in English words.

import { t } from "../texts.js";

/** [what the server says, key of the text, names of its parts] */
const REASONS = [
  [/^exact$/, "exact"],
  [/^alias$/, "alias"],
  [/^acronym$/, "acronym"],
  [/^exact but for the country \((.*)\)$/, "but_country", "name"],
  [/^fuzzy \((\d+) % alike to (.*)\)$/, "fuzzy", "share", "name"],
  [/^country in the name$/, "country_name"],
  [/^country beside the name$/, "country_beside"],
  [/^country in the text$/, "country_text"],
  [/^prior works$/, "works"],
  [/^several of this name$/, "several"],
  [/^generic name$/, "generic"],
  [/^a branch abroad$/, "branch"],
  [/^acronym agrees$/, "acronym_agrees"],
  [/^other acronym$/, "acronym_other"],
  [/^parent named$/, "parent"],
  [/^parent in the text$/, "parent_text"],
  [/^a unit of it is named that is not listed$/, "unit"],
  [/^part of the name$/, "part"],
  [/^follows (.*)$/, "follows", "name"],
  [/^now (.*)$/, "now", "name"],
  [/^rule: (.*)$/, "rule", "name"],
];

/** A reason as a text; one that is not known stays as it is. */
export function reason(said) {
  const confirmed = /^confirmed by (.*)$/.exec(said);
  if (confirmed) return t("linking.reason.confirmed", { who: confirmed[1].split(", ").map(times).join(", ") });
  for (const [pattern, key, ...names] of REASONS) {
    const found = pattern.exec(said);
    if (found) return t(`linking.reason.${key}`, Object.fromEntries(names.map((name, i) => [name, found[i + 1]])));
  }
  return said;
}

function times(person) {
  const found = /^(.*) (\d+) times$/.exec(person);
  return found ? t("linking.reason.times", { name: found[1], n: Number(found[2]) }) : person;
}
