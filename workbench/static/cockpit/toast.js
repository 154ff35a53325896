// Short messages at the foot of the cockpit, read out by screen readers; failures stay.

import { button, h } from "./dom.js";
import { t } from "../texts.js";

const LONG = 6000;

export function createToasts(root) {
  const polite = h("div", { class: "wb-toasts", role: "status", "aria-live": "polite" });
  root.append(polite);
  const shown = new Map();

  /** Show a message; one with the same `id` is replaced. `stay` keeps it until it is dismissed. */
  function show(text, { id = "last", kind = "ok", actions = [], stay = false } = {}) {
    dismiss(id);
    const close = button(t("cockpit.dismiss"), () => dismiss(id), { quiet: true, symbol: "absent", name: "dismiss" });
    const element = h(
      "div",
      { class: `wb-toast wb-toast-${kind}`, role: kind === "bad" ? "alert" : null, data: { toast: id } },
      h("span", { class: "wb-toast-text", text }),
      actions.map(({ label, key, run }) =>
        button(label, () => {
          dismiss(id);
          run();
        }, { key }),
      ),
      stay ? close : null,
    );
    polite.append(element);
    const timer = stay ? 0 : setTimeout(() => dismiss(id), LONG);
    shown.set(id, { element, timer });
  }

  function dismiss(id) {
    const toast = shown.get(id);
    if (!toast) return;
    clearTimeout(toast.timer);
    toast.element.remove();
    shown.delete(id);
  }

  return {
    show,
    dismiss,
    destroy() {
      [...shown.keys()].forEach(dismiss);
      polite.remove();
    },
  };
}
