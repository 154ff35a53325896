// The About page: what this is, what programs may do with it, and the tour once more.

import { button, h } from "/desk/cockpit/dom.js";
import { ask } from "/desk/ask.js";
import { whileShown } from "/desk/shown.js";
import { t } from "/desk/texts.js";
import { startTour } from "/desk/tour/tour.js";

export function host(element) {
  const place = element.querySelector("[data-about]");
  if (!place || place.childElementCount) return;
  const facts = h("p", { class: "wb-note" });
  place.append(
    h("h2", { text: t("common.app") }),
    h("p", { text: t("comfort.about") }),
    h("p", {}, button(t("tour.again"), startTour, { kind: "plain", name: "tour" })),
    h("h3", { text: t("comfort.keys_title") }),
    h("p", { text: t("comfort.keys") }),
    h("h3", { text: t("comfort.programs_title") }),
    h("p", { text: t("comfort.programs") }),
    facts,
  );
  whileShown(place, async () => {
    const { checks } = await ask("/api/doctor").catch(() => ({ checks: [] }));
    facts.textContent = checks.find((check) => check.name === "versions")?.detail ?? "";
  });
}
