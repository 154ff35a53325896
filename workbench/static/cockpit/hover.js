// A field under the mouse shows its place: it glows at once, and the page goes there if it is out of view.

const REST = 300; // ms that the mouse rests before the page moves
const OWN = 1500; // ms after somebody scrolled in which the page stays where they put it

/** `ctx` has root, pane, form. */
export function createHover(ctx) {
  let warm = null;
  let timer = 0;
  let scrolled = -Infinity;

  const marksOf = (key) => [...ctx.pane.scroller.querySelectorAll(`.wb-mark[data-key="${CSS.escape(key)}"]`)];

  function glow(key) {
    for (const mark of ctx.pane.scroller.querySelectorAll(".wb-mark.wb-warm")) mark.classList.remove("wb-warm");
    if (key) marksOf(key).forEach((mark) => mark.classList.add("wb-warm"));
  }

  function inView(key) {
    const view = ctx.pane.scroller.getBoundingClientRect();
    return marksOf(key).some((mark) => {
      const box = mark.getBoundingClientRect();
      return box.bottom > view.top && box.top < view.bottom;
    });
  }

  function over(event) {
    if (event.pointerType === "touch") return;
    const field = event.target.closest?.(".wb-field, .wb-attend");
    const key = field?.dataset.key ?? field?.dataset.id ?? null;
    if (key === warm) return;
    warm = key;
    clearTimeout(timer);
    glow(key);
    if (key) timer = setTimeout(() => go(key), REST);
  }

  function go(key) {
    if (key !== warm || ctx.form.editing || performance.now() - scrolled < OWN || inView(key)) return;
    ctx.pane.reveal(key);
  }

  const mine = (event) => {
    if (!event.target.closest?.(".wb-pane")) return;
    scrolled = performance.now();
    clearTimeout(timer);
  };
  const out = () => over({ target: ctx.root });
  const { form } = ctx;
  form.element.addEventListener("pointerover", over);
  form.element.addEventListener("pointerleave", out);
  const own = ["wheel", "touchmove", "pointerdown", "keydown"];
  for (const event of own) ctx.root.addEventListener(event, mine, { passive: true, capture: true });
  return {
    destroy() {
      clearTimeout(timer);
      form.element.removeEventListener("pointerover", over);
      form.element.removeEventListener("pointerleave", out);
      for (const event of own) ctx.root.removeEventListener(event, mine, { capture: true });
    },
  };
}
