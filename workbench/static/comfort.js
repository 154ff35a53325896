// Helps around the pages: what to do where there is nothing yet, the tour, and accessible markup.

import { button, h } from "/desk/cockpit/dom.js";
import { mend } from "/desk/a11y.js";
import { ask } from "/desk/ask.js";
import { goTo } from "/desk/shown.js";
import { language, t } from "/desk/texts.js";
import { toast } from "/desk/toasts.js";
import { offerTour } from "/desk/tour/tour.js";

/** The empty queue gets a way to begin; Gradio renders it anew, so it is looked for again. */
function welcome() {
  const slot = document.querySelector("[data-empty]");
  if (!slot || slot.querySelector(".wb-begin")) return;
  slot.append(
    h(
      "p",
      { class: "wb-begin" },
      button(t("comfort.open_samples"), openSamples, { kind: "plain", name: "samples" }),
      h("span", { class: "wb-note", text: t("comfort.samples_note") }),
    ),
  );
}

async function openSamples(event) {
  const trigger = event.currentTarget;
  trigger.disabled = true;
  try {
    const { queued } = await ask("/api/samples", { body: {} });
    toast(t("comfort.samples_queued", { n: queued }));
    offerTour();
  } catch (error) {
    toast(error.message, { bad: true });
    trigger.disabled = false;
  }
}

/** Places that a link of an empty page leads to. */
function links(event) {
  const wanted = event.target.closest?.("[data-go]");
  if (!wanted) return;
  event.preventDefault();
  goTo(wanted.dataset.go);
}

/** A download says so: the browser's own sign is easily missed. */
function downloads(event) {
  const link = event.target.closest?.("a[download]");
  if (link) toast(t("comfort.downloading", { name: link.textContent.trim() }));
}

function look() {
  welcome();
  mend(document);
}

document.addEventListener("click", links);
document.addEventListener("click", downloads);
let waiting = 0;
new MutationObserver(() => {
  waiting ||= requestAnimationFrame(() => {
    waiting = 0;
    look();
  });
}).observe(document.documentElement, { childList: true, subtree: true });
document.documentElement.lang = language; // what screen readers speak
look();
