// The keyboard map: one table that the listener, the help and the tests read.

import { t } from "../texts.js";

/** [keys, group, action, may repeat while held] */
const TABLE = [
  [["j", "ArrowDown"], "fields", "nextField", true],
  [["k", "ArrowUp"], "fields", "previousField", true],
  [["a"], "fields", "tick"],
  [["e", "Enter"], "fields", "edit"],
  [["Escape"], "fields", "leave"],
  [["x", "Delete"], "fields", "reject"],
  [["m"], "fields", "takeModel"],
  [["c"], "fields", "comment"],
  [["o", "+"], "fields", "add"],
  [["O"], "fields", "addAward"],
  [["v"], "fields", "split"],
  [["l"], "fields", "link"],
  [["["], "fields", "moveUp", true],
  [["]"], "fields", "moveDown", true],
  [["g"], "fields", "jump"],
  [["!"], "fields", "attend", true],
  [["A"], "paper", "accept"],
  [["N"], "paper", "noFunding"],
  [["s"], "paper", "skip"],
  [["f"], "paper", "flag"],
  [["u"], "paper", "undo", true],
  [["r"], "paper", "redo", true],
  [["n"], "paper", "next"],
  [["p"], "paper", "previous"],
  [["C"], "paper", "commentPaper"],
  [["t"], "view", "raw"],
  [["h"], "view", "history"],
  [["M"], "view", "reply"],
  [["/"], "view", "find"],
  [["G"], "view", "gotoPage"],
  [["J", "PageDown"], "view", "scrollDown", true],
  [["K", "PageUp"], "view", "scrollUp", true],
  [["z"], "view", "zoomIn", true],
  [["Z"], "view", "zoomOut", true],
  [["w"], "view", "fit"],
  [["?"], "view", "help"],
];

/** [keys as they are shown, group, name of the text] */
const SHOWN = [
  [[t("cockpit.cap.ctrl_enter"), t("cockpit.cap.cmd_enter")], "paper", "accept_typing"],
  [[t("cockpit.cap.enter")], "editing", "enter"],
  [[t("cockpit.cap.backspace")], "editing", "backspace"],
  [["Tab"], "editing", "tab"],
  [[t("cockpit.cap.enter"), "n"], "found", "found_next"],
  [[t("cockpit.cap.shift_enter"), "N"], "found", "found_previous"],
  [[t("cockpit.cap.shift_right"), t("cockpit.cap.shift_left")], "found", "found_words"],
  [["."], "found", "found_sentence"],
  [["1–3"], "reasons", "usual"],
  [["1"], "words", "use_statement"],
  [["2"], "words", "use_funder_name"],
  [["3"], "words", "use_award_ids"],
  [["4"], "words", "use_funding_scheme"],
  [["5"], "words", "use_award_title"],
  [[t("cockpit.cap.shift_digits")], "words", "use_replace"],
];

const group = (name) => t(`cockpit.keys.${name}`);

/** [keys, what they do, group, action, may repeat while held] */
export const KEYS = TABLE.map(([keys, part, action, repeats]) => [keys, t(`cockpit.key.${action}`), group(part), action, repeats]);

/** Shown in the help besides the table. */
export const MORE = SHOWN.map(([keys, part, name]) => [keys, t(`cockpit.more.${name}`), group(part)]);
