// The interface's texts, in the language of the curator: t("area.key", {place: value}).

import known from "/texts.js";

export const language = known.language;

/** The text of a key with its places filled; `n` chooses between the forms for one and several. */
export function t(key, values = {}) {
  const found = known.texts[key];
  if (found === undefined) throw new Error(`There is no text ${key}.`);
  const text = typeof found === "string" ? found : values.n === 1 ? found.one : found.other;
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}
