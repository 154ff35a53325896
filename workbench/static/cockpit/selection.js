// Turns the browser's selection into offsets of the document's text; the panes share it.

import { debounce } from "./dom.js";

const holder = (node) =>
  (node.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("[data-start]");

/** The document offset of a range's edge, or null when it is not inside a word. */
function offsetAt(node, offset) {
  const span = holder(node);
  if (!span || node.nodeType !== Node.TEXT_NODE) return null;
  return Math.min(Number(span.dataset.start) + offset, Number(span.dataset.end));
}

/** `{start, end}` of a range over elements with data-start and data-end inside `root`, or null. */
export function offsetsOf(range, root) {
  let start = offsetAt(range.startContainer, range.startOffset);
  let end = offsetAt(range.endContainer, range.endOffset);
  if (start === null || end === null) {
    const inside = [...root.querySelectorAll("[data-start]")].filter((s) => range.intersectsNode(s));
    start ??= inside.length ? Number(inside[0].dataset.start) : null;
    end ??= inside.length ? Number(inside.at(-1).dataset.end) : null;
  }
  return start !== null && end !== null && end > start ? { start, end } : null;
}

/** Select the words between two offsets inside `root`, once they are laid out; false if they are not. */
export async function selectOffsets(root, start, end, wanted, patience = 4000) {
  const until = performance.now() + patience;
  const at = (offset) =>
    [...root.querySelectorAll("[data-start]")].find(
      (word) => Number(word.dataset.start) <= offset && offset < Number(word.dataset.end),
    );
  let [first, last] = [null, null];
  while (wanted() && !(first && last)) {
    [first, last] = [at(start), at(end - 1)];
    if (first && last) break;
    if (performance.now() > until) return false;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  if (!wanted()) return false;
  const inside = (word, offset) => Math.min(offset - Number(word.dataset.start), word.textContent.length);
  document.getSelection().setBaseAndExtent(
    first.firstChild, inside(first, start), last.firstChild, inside(last, end),
  );
  return true;
}

/** White space at the edges belongs to no value. */
export function trimmed({ start, end }, text) {
  const lead = text.length - text.trimStart().length;
  const tail = text.length - text.trimEnd().length;
  return { start: start + lead, end: end - tail, text: text.trim() };
}

/**
 * Watch the selection inside `root`. `read({start, end})` gives {text, ...} or null;
 * `tell(selection | null)` hears it with `rect`, where its last line stands on the screen.
 */
export function watchSelection(root, read, tell) {
  let current = null;
  let dragging = false;

  const tellNow = () => {
    const chosen = document.getSelection();
    const range = chosen?.rangeCount && !chosen.isCollapsed ? chosen.getRangeAt(0) : null;
    const ours = range && root.contains(range.commonAncestorContainer);
    const offsets = ours ? offsetsOf(range, root) : null;
    const found = offsets ? read(offsets) : null;
    if (!found && !current) return;
    current = found?.text ? { ...found, rect: lastRect(range) } : null;
    tell(current);
  };
  const look = debounce(tellNow, 30);

  const changed = () => dragging || look();
  const down = (event) => {
    dragging = event.button === 0;
  };
  const up = () => {
    if (!dragging) return;
    dragging = false;
    look();
  };
  const copy = (event) => {
    if (!current || !root.contains(document.getSelection()?.anchorNode)) return;
    event.clipboardData.setData("text/plain", current.text);
    event.preventDefault();
  };
  const undo = [
    [document, "selectionchange", changed],
    [root, "pointerdown", down],
    [window, "pointerup", up],
    [window, "pointercancel", up],
    [root, "copy", copy],
  ].map(([target, event, run]) => {
    target.addEventListener(event, run);
    return () => target.removeEventListener(event, run);
  });

  return {
    get current() {
      return current;
    },
    /** Tell at once what is selected, for a key that came right after. */
    now() {
      look.cancel();
      tellNow();
    },
    clear() {
      if (!current) return;
      current = null;
      document.getSelection()?.removeAllRanges();
      tell(null);
    },
    destroy() {
      look.cancel();
      undo.forEach((run) => run());
    },
  };
}

function lastRect(range) {
  const rects = [...range.getClientRects()].filter((rect) => rect.width > 0 && rect.height > 0);
  return rects.at(-1) ?? range.getBoundingClientRect();
}
