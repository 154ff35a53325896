// The keyboard map: one table that the listener, the help and the tests read.

/** [keys, what they do, group, action, may repeat while held] */
export const KEYS = [
  [["j", "ArrowDown"], "Next field", "Fields", "nextField", true],
  [["k", "ArrowUp"], "Previous field", "Fields", "previousField", true],
  [["a"], "Tick the field as checked, and go on", "Fields", "tick"],
  [["e", "Enter"], "Edit the field", "Fields", "edit"],
  [["Escape"], "Leave editing; drop the selection", "Fields", "leave"],
  [["x"], "Remove the value, statement or funder", "Fields", "remove"],
  [["o", "+"], "Add below: statement, funder or value", "Fields", "add"],
  [["O"], "Add an award to the funder", "Fields", "addAward"],
  [["v"], "Split an award id at its commas", "Fields", "split"],
  [["l"], "Choose the organisation of the funder", "Fields", "link"],
  [["["], "Move the row up", "Fields", "moveUp", true],
  [["]"], "Move the row down", "Fields", "moveDown", true],
  [["g"], "Jump to its place on the page", "Fields", "jump"],
  [["!"], "Next field that needs attention", "Fields", "attend", true],
  [["A"], "Accept the paper or save the correction", "Paper", "accept"],
  [["N"], "No funding in this paper", "Paper", "noFunding"],
  [["s"], "Skip", "Paper", "skip"],
  [["f"], "Flag, with a note", "Paper", "flag"],
  [["u"], "Undo the last edit, else the last decision", "Paper", "undo", true],
  [["r"], "Redo", "Paper", "redo", true],
  [["n"], "Next paper", "Paper", "next"],
  [["p"], "Previous paper", "Paper", "previous"],
  [["t"], "Raw JSON and back", "View", "raw"],
  [["J", "PageDown"], "Scroll the paper down", "View", "scrollDown", true],
  [["K", "PageUp"], "Scroll the paper up", "View", "scrollUp", true],
  [["z"], "Zoom in", "View", "zoomIn", true],
  [["Z"], "Zoom out", "View", "zoomOut", true],
  [["w"], "Fit the width", "View", "fit"],
  [["?"], "This list", "View", "help"],
];

/** Shown in the help besides the table. */
export const MORE = [
  [["Ctrl Enter", "⌘ Enter"], "Accept or save, also while editing", "Paper"],
  [["Enter"], "While editing a value: add another one", "Editing"],
  [["Backspace"], "In an empty value: remove it", "Editing"],
  [["Tab"], "While editing: edit the next field", "Editing"],
  [["1"], "Selected words: add as a statement", "Words selected on the page"],
  [["2"], "Selected words: funder", "Words selected on the page"],
  [["3"], "Selected words: award id", "Words selected on the page"],
  [["4"], "Selected words: scheme", "Words selected on the page"],
  [["5"], "Selected words: title", "Words selected on the page"],
  [["Shift 1–5"], "Replace the selected field of that kind", "Words selected on the page"],
];
