// One keydown listener for the cockpit: single keys, but never while somebody types.

import { KEYS } from "./keys.js";
import { recall } from "./storage.js";

const TYPING = "input, textarea, select, [contenteditable]:not([contenteditable=false]), .cm-editor, .CodeMirror";
const OWN_ENTER = "button, a[href], summary, [role=tab], [role=menuitem], [role=separator], [role=option]";

/**
 * The key as the map writes it: Caps Lock must not turn "a" (tick) into "A" (save), and on a
 * keyboard without Latin letters the place of the key counts.
 */
export function nameOf(event) {
  let key = event.key;
  if (key.length === 1 && key > "~" && /^Key[A-Z]$/.test(event.code)) key = event.shiftKey ? event.code[3] : event.code[3].toLowerCase();
  if (!/^[a-z]$/i.test(key)) return key;
  if (!event.getModifierState?.("CapsLock")) return key;
  return event.shiftKey ? key.toUpperCase() : key.toLowerCase();
}

/**
 * `run(action, event)` does what a key means and says whether it did; `selecting()` is true while
 * words of the page are selected, `choose(index, force)` uses them; `finding(event)` says whether
 * the search took the key. `known` are the actions that there are: each must have a key.
 */
export function createKeyboard(root, { run, known, selecting, choose, leave, finding }) {
  const named = new Set(KEYS.map(([, , , action]) => action));
  const lost = [...known.filter((action) => !named.has(action)), ...[...named].filter((action) => !known.includes(action))];
  if (lost.length) throw new Error(`Keys and actions differ: ${lost.join(", ")}`);
  const table = new Map(KEYS.flatMap(([keys, , , action, repeats]) => keys.map((key) => [key, { action, repeats }])));

  function typing(target) {
    return target.closest?.(TYPING) && !target.readOnly;
  }

  function down(event) {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (!root.offsetParent || root.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    const inside = root.contains(target);
    const write = typing(target);
    if (write && !inside) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.repeat) {
      event.preventDefault();
      run("accept", event);
      return;
    }
    if (write) {
      if (event.key === "Escape" && leave(target)) event.preventDefault();
      return;
    }
    if (withModifier(event) || recall("keys") === false) return;
    if (inside && finding(event)) {
      event.preventDefault();
      return;
    }
    if (digit(event) || single(event, target, inside)) event.preventDefault();
  }

  /** Whether a key is a command of the browser; AltGr and Option also make plain signs such as "[". */
  function withModifier(event) {
    if (event.getModifierState?.("AltGraph")) return false;
    const sign = event.altKey && /^[^\w\s]$/.test(event.key);
    return event.ctrlKey || event.metaKey || (event.altKey && !sign);
  }

  function digit(event) {
    const at = /^Digit([1-5])$/.exec(event.code ?? "")?.[1] ?? /^[1-5]$/.exec(event.key)?.[0];
    if (!at || event.repeat || !selecting()) return false;
    choose(Number(at) - 1, event.shiftKey);
    return true;
  }

  function single(event, target, inside) {
    const found = table.get(nameOf(event));
    if (!found || (event.repeat && !found.repeats)) return false;
    if (event.key === "Enter" && target.closest(OWN_ENTER)) return false;
    const moves = event.key.startsWith("Arrow") || event.key.startsWith("Page");
    if (moves && !target.closest(".wb-field") && (inside || event.key.startsWith("Page"))) return false;
    if (moves && !inside) return false;
    return run(found.action, event) !== false;
  }

  document.addEventListener("keydown", down);
  return { destroy: () => document.removeEventListener("keydown", down) };
}
