// Puts the cockpit into Gradio's component and keeps it there when Gradio renders again.

import { mount } from "/desk/cockpit/cockpit.js";
import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";

/** What to do where no paper is open. */
const nothing = () =>
  h(
    "p",
    { class: "wb-nothing" },
    h("b", { text: t("comfort.no_paper") }),
    `${t("comfort.no_paper_do")} `,
    h("br"),
    h("button", { type: "button", class: "wb-btn", data: { go: "papers" }, text: t("comfort.to_papers") }),
  );

export function host({ element, props, watch }) {
  const place = document.createElement("div");
  place.className = "wb-place";
  let cockpit = null;
  let seen = "";

  const show = () => {
    const slot = element.querySelector("[data-cockpit]");
    if (slot && place.parentNode !== slot) slot.replaceChildren(place);
    const wanted = props.value;
    if (!wanted?.record) {
      if (!cockpit) place.replaceChildren(nothing());
      return;
    }
    // Gradio may tell an old value again; the curator may have gone on to another paper since.
    const told = JSON.stringify(wanted);
    if (told === seen) return;
    seen = told;
    if (cockpit) {
      cockpit.open(wanted.record, wanted.filters);
      return;
    }
    place.textContent = "";
    cockpit = mount(place, { recordId: wanted.record, filters: wanted.filters });
  };

  watch("value", show);
  show();
}
