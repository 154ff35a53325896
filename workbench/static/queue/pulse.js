// Asks every so often whether something changed, once for all parts of the page that want to know.

import { ask } from "/desk/ask.js";

const EVERY_MS = 1500;
const listeners = new Set();
let running = false;

/** `seen()` says whether the listener's part is on the screen: nobody looks, nobody asks. */
export function onPulse(seen, hear, failed = () => {}) {
  listeners.add({ seen, hear, failed });
  if (!running) {
    running = true;
    beat();
  }
}

async function beat() {
  const waiting = [...listeners].filter(({ seen }) => !document.hidden && seen());
  if (waiting.length) {
    try {
      const told = await ask("/api/queue/pulse");
      for (const { hear } of waiting) hear(told);
    } catch (error) {
      for (const { failed } of waiting) failed(error);
    }
  }
  setTimeout(beat, EVERY_MS);
}
