// Puts the queue, or the list of jobs, into Gradio's component and keeps it there.

import { mountJobs } from "/desk/queue/jobs.js";
import { mountQueue } from "/desk/queue/queue.js";

/** `open({record, filters})` shows a paper in the cockpit. */
export function hostQueue(element, open) {
  const place = document.createElement("div");
  const settle = () => {
    const slot = element.querySelector("[data-queue]") ?? element;
    if (place.parentNode !== slot) slot.replaceChildren(place);
  };
  new MutationObserver(settle).observe(element, { childList: true, subtree: true });
  settle();
  mountQueue(place, open);
}

export function hostJobs(element) {
  const place = document.createElement("div");
  const settle = () => {
    const slot = element.querySelector("[data-jobs]") ?? element;
    if (place.parentNode !== slot) slot.replaceChildren(place);
  };
  new MutationObserver(settle).observe(element, { childList: true, subtree: true });
  settle();
  mountJobs(place);
}
