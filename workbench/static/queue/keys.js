// The queue's keys: only while it is in sight, and never while somebody types.

const TYPING = "textarea, select, [contenteditable]:not([contenteditable=false]), input:not([type=checkbox])";

/** `run` has a function for each key's meaning. */
export function createKeys(root, run) {
  const keys = {
    j: run.next, ArrowDown: run.next, k: run.previous, ArrowUp: run.previous, x: run.select,
    A: run.accept, "/": run.search, u: run.undo, Escape: run.clear, Enter: run.open,
  };

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!root.offsetParent || document.querySelector("dialog[open]")) return;
    const inside = root.contains(target);
    if (target.closest?.(TYPING)) {
      if (key === "Escape" && inside) target.blur();
      return;
    }
    const arrow = key.startsWith("Arrow");
    if (arrow && !target.closest?.(".wb-queue")) return;
    if (key === "Enter" && !target.matches?.(".wb-queue input")) return; // links and buttons have their own
    const act = Object.hasOwn(keys, key) ? keys[key] : null;
    if (!act || (!inside && target !== document.body && key !== "/")) return;
    if (key === "A" && !event.shiftKey) return; // Caps Lock is no decision
    if (act() !== false) event.preventDefault();
  });
}
