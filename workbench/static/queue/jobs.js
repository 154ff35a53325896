// Files on their way in: what happens to each, what went wrong, and a second try.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import { ask } from "/desk/ask.js";
import { onPulse } from "./pulse.js";

export function mountJobs(place) {
  const list = h("ul", { class: "wb-jobs", "aria-label": t("queue.jobs"), tabindex: "0" });
  const none = h("p", { class: "wb-note", text: t("queue.no_jobs") });
  place.replaceChildren(none);
  let seen = "";

  function show({ jobs }) {
    const told = JSON.stringify(jobs);
    if (told === seen) return;
    seen = told;
    const focused = document.activeElement?.dataset?.retry;
    list.replaceChildren(...jobs.map(row));
    place.replaceChildren(jobs.length ? list : none);
    if (focused) list.querySelector(`[data-retry="${focused}"]`)?.focus();
  }

  function row(job) {
    const { name, kind, state, error, hint, progress } = job;
    const doing = t(`queue.job.${kind}`);
    const texts = { queued: t("queue.job.queued", { doing }), running: doing, done: t("queue.job.done"), failed: [error, hint].filter(Boolean).join(" ") };
    return h(
      "li",
      { class: `wb-job wb-${state}` },
      h("b", { text: name, title: name }),
      h("span", { text: texts[state] }),
      state === "running" ? h("progress", { max: 1, value: progress, "aria-label": doing }) : null,
      job.can_retry ? h("button", { type: "button", class: "wb-q-button", data: { retry: job.id }, text: t("queue.again"), on: { click: (event) => again(job, event.target) } }) : null,
    );
  }

  async function again(job, button) {
    button.disabled = true;
    try {
      await ask(`/api/jobs/${job.id}/retry`, { body: {} });
      button.textContent = t("queue.job.waits");
    } catch (error) {
      button.after(h("span", { role: "alert", text: error.message }));
    }
  }

  onPulse(() => place.isConnected && place.offsetParent !== null, show);
}
