// Two answers as lines, put side by side: equal lines level, different ones against each other.

import { KIND_NAMES, SLOTS } from "./answer.js";
import { t } from "../texts.js";

/** An answer as lines {label, text, depth, of}; what is compared is label and text. */
export function linesOf(answer) {
  const lines = answer.statements.map(({ text }) => ({ label: KIND_NAMES.statement, text, depth: 0 }));
  for (const funder of answer.funders) {
    const of = funder.funder_name ?? t("cockpit.hint.funder_name");
    lines.push({ label: KIND_NAMES.funder_name, text: of, depth: 0 });
    for (const award of funder.awards) {
      lines.push({ label: t("cockpit.award"), text: "", depth: 1, of });
      for (const slot of SLOTS) {
        for (const text of award[slot] ?? []) lines.push({ label: KIND_NAMES[slot], text, depth: 2, of });
      }
    }
  }
  return lines;
}

const name = (line) => `${line.label}\u0000${line.text}`;

/** Longest common subsequence of two lists of strings, as pairs of indices. */
function common(a, b) {
  const best = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
    }
  }
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (best[i + 1][j] >= best[i][j + 1]) i += 1;
    else j += 1;
  }
  return pairs;
}

/** Rows [left line | null, right line | null, same]. */
export function sideBySide(left, right) {
  const rows = [];
  let [i, j] = [0, 0];
  const gap = (toI, toJ) => {
    while (i < toI || j < toJ) {
      const [a, b] = [i < toI ? left[i] : null, j < toJ ? right[j] : null];
      const level = a && b && a.label === b.label; // a changed value; anything else came or went
      if (a && (level || !b || toI - i >= toJ - j)) {
        rows.push([a, level ? b : null, false]);
        i += 1;
        if (level) j += 1;
      } else {
        rows.push([null, b, false]);
        j += 1;
      }
    }
  };
  for (const [a, b] of [...common(left.map(name), right.map(name)), [left.length, right.length]]) {
    gap(a, b);
    if (a < left.length && b < right.length) rows.push([left[i++], right[j++], true]);
  }
  return rows;
}

/** One text become another, word by word: [words, "same" | "gone" | "new"]. */
export function inlineDiff(from, to) {
  const [a, b] = [from, to].map((text) => text.match(/\s+|[^\s]+/g) ?? []);
  if (a.length * b.length > 400_000) return [[from, "gone"], [to, "new"]];
  const parts = [];
  const put = (text, kind) => {
    if (!text) return;
    if (parts.at(-1)?.[1] === kind) parts.at(-1)[0] += text;
    else parts.push([text, kind]);
  };
  let [i, j] = [0, 0];
  for (const [toI, toJ] of [...common(a, b), [a.length, b.length]]) {
    put(a.slice(i, toI).join(""), "gone");
    put(b.slice(j, toJ).join(""), "new");
    if (toI < a.length && toJ < b.length) put(a[toI], "same");
    [i, j] = [toI + 1, toJ + 1];
  }
  return parts;
}

/** Words of a text, each with whether the other text lacks it. */
export function wordDiff(text, other) {
  const words = text.match(/\s+|[^\s]+/g) ?? [];
  const against = other.match(/\s+|[^\s]+/g) ?? [];
  if (words.length * against.length > 400_000) return [[text, true]];
  const kept = new Set(common(words, against).map(([i]) => i));
  return words.map((word, i) => [word, !kept.has(i)]);
}
