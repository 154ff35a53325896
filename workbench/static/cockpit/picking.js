// Clicks and hovers on highlights.

/**
 * `pick(key)` hears a click. A value goes before the statement around it; where values overlap,
 * clicking again goes to the next one.
 */
export function picking(scroller, active, pick) {
  const under = (event) =>
    document.elementsFromPoint(event.clientX, event.clientY).filter((e) => e.matches?.(".wb-mark"));
  let warm = null;

  function click(event) {
    const chosen = document.getSelection();
    const selecting = chosen && !chosen.isCollapsed && scroller.contains(chosen.anchorNode);
    if (selecting || event.detail > 1) return;
    const direct = event.target.closest?.(".wb-mark");
    const found = event.clientX || event.clientY ? under(event) : [];
    const all = found.length ? found : direct ? [direct] : [];
    const around = (mark) => Number(mark.dataset.kind === "statement"); // values before what is around them
    const keys = [...new Set(all.sort((a, b) => around(a) - around(b)).map((mark) => mark.dataset.key))];
    if (keys.length) pick(keys[(keys.indexOf(active()) + 1) % keys.length]);
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
