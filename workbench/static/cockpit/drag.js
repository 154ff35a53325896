// Selecting words of a page with the mouse. Words are absolutely placed and highlights lie over
// them, so the browser's own dragging jumps in the gaps; this one goes to the nearest word.

const SLOP = 3; // pixels that a click may wander
const RIM = 1.5; // pixels at a word's ends where browsers answer with a place outside it
const EDGE = 24; // pixels from the edge of the view where dragging scrolls

/** How far a point is from a box; another line is further than another word. */
function distance(box, x, y) {
  const dx = Math.max(box.left - x, 0, x - box.right);
  const dy = Math.max(box.top - y, 0, y - box.bottom);
  return dx + 4 * dy;
}

function nearest(layer, x, y) {
  let best = null;
  for (const word of layer.children) {
    const box = word.getBoundingClientRect();
    const far = distance(box, x, y);
    if (!best || far < best.far) best = { word, box, far };
    if (far === 0) break;
  }
  return best;
}

/** The character of a word at `x`, by the browser's own letters, which lie under the highlights. */
function characterAt(scroller, { word, box }, x) {
  const { length } = word.textContent;
  if (x <= box.left + RIM) return 0;
  if (x >= box.right - RIM) return length;
  scroller.classList.add("wb-through");
  const y = (box.top + box.bottom) / 2;
  const place = document.caretPositionFromPoint?.(x, y);
  const range = place ? null : document.caretRangeFromPoint?.(x, y);
  scroller.classList.remove("wb-through");
  const node = place?.offsetNode ?? range?.startContainer;
  if (node === word.firstChild) return place?.offset ?? range.startOffset;
  return Math.round(((x - box.left) / box.width) * length);
}

export function dragging(scroller) {
  let from = null;

  function caretAt(event) {
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const page = under.find((element) => element.matches(".wb-page")) ?? from?.page;
    const found = page && nearest(page.querySelector(".wb-words"), event.clientX, event.clientY);
    if (!found) return null;
    return { page, word: found.word, node: found.word.firstChild, offset: characterAt(scroller, found, event.clientX) };
  }

  function down(event) {
    if (event.button !== 0 || !event.target.closest?.(".wb-page")) return;
    event.preventDefault();
    const chosen = document.getSelection();
    const onMark = event.target.closest(".wb-mark");
    if (!onMark || event.detail > 1) scroller.focus({ preventScroll: true });
    const caret = caretAt(event);
    if (caret && event.detail > 1) {
      chosen.selectAllChildren(caret.word);
      return;
    }
    if (caret && event.shiftKey && chosen.anchorNode && scroller.contains(chosen.anchorNode)) {
      chosen.extend(caret.node, caret.offset);
      return;
    }
    chosen.removeAllRanges();
    from = caret && { ...caret, x: event.clientX, y: event.clientY, moved: false };
  }

  function move(event) {
    if (!from) return;
    if (!from.moved) {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) < SLOP) return;
      from.moved = true;
      scroller.focus({ preventScroll: true });
    }
    const view = scroller.getBoundingClientRect();
    if (event.clientY > view.bottom - EDGE) scroller.scrollTop += 10;
    if (event.clientY < view.top + EDGE) scroller.scrollTop -= 10;
    const to = caretAt(event);
    if (to) document.getSelection().setBaseAndExtent(from.node, from.offset, to.node, to.offset);
  }

  const up = () => (from = null);
  scroller.addEventListener("mousedown", down);
  addEventListener("mousemove", move);
  addEventListener("mouseup", up);
  return {
    destroy() {
      scroller.removeEventListener("mousedown", down);
      removeEventListener("mousemove", move);
      removeEventListener("mouseup", up);
    },
  };
}
