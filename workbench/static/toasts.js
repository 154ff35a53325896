// Short messages over every page: what happened, read out by screen readers; failures stay.

import { button, h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";

const LONG = 6000;
let place = null;

export function toast(text, { bad = false } = {}) {
  if (!place?.isConnected) {
    place = h("div", { class: "wb-notices", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  const close = button(t("comfort.dismiss"), () => element.remove(), { quiet: true, symbol: "absent" });
  const element = h(
    "div",
    { class: `wb-notice ${bad ? "wb-notice-bad" : ""}`, role: bad ? "alert" : null },
    h("span", { text }),
    close,
  );
  place.append(element);
  if (!bad) setTimeout(() => element.remove(), LONG);
}
