// Clicks and hovers on highlights.

const VALUE = ".wb-mark:not(.wb-mark-passage)";

/** `pick(key)` hears a click; where highlights overlap, clicking again goes to the next one. */
export function picking(scroller, active, pick) {
  const under = (event) =>
    document.elementsFromPoint(event.clientX, event.clientY).filter((e) => e.matches?.(VALUE));
  let warm = null;

  function click(event) {
    const direct = event.target.closest?.(VALUE);
    const chosen = document.getSelection();
    if (!direct && chosen && !chosen.isCollapsed) return;
    const found = event.clientX || event.clientY ? under(event) : [];
    const keys = [...new Set((found.length ? found : direct ? [direct] : []).map((m) => m.dataset.key))];
    if (!keys.length) return;
    pick(keys[(keys.indexOf(active()) + 1) % keys.length]);
  }

  function hover(event) {
    if (event.buttons) return;
    const [mark] = under(event);
    const key = mark?.dataset.key ?? null;
    if (key === warm) return;
    warm = key;
    for (const each of scroller.querySelectorAll(".wb-mark")) {
      each.classList.toggle("wb-warm", each.dataset.key === key);
    }
  }

  scroller.addEventListener("click", click);
  scroller.addEventListener("pointermove", hover, { passive: true });
  return {
    destroy() {
      scroller.removeEventListener("click", click);
      scroller.removeEventListener("pointermove", hover);
    },
  };
}
