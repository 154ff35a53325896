// Draws one page at a time, the one nearest to the middle of the view first.

import { debounce } from "./dom.js";

export function createQueue({ draw, ready, due, middle, fail }) {
  let busy = false;
  let alive = true;

  async function kick() {
    if (busy || !alive || !ready()) return;
    const failed = new Set();
    busy = true;
    for (let page = pick(failed); page && alive; page = pick(failed)) {
      try {
        await draw(page);
      } catch (error) {
        if (error?.name === "RenderingCancelledException") continue; // it left the view meanwhile
        failed.add(page);
        if (alive) fail(page, error);
      }
    }
    busy = false;
  }

  function pick(failed) {
    if (!ready()) return null;
    const at = middle();
    const far = (page) => Math.abs(page.number - at);
    return due()
      .filter((page) => !failed.has(page))
      .sort((a, b) => far(a) - far(b))[0];
  }

  const later = debounce(kick, 120);
  return {
    kick,
    later,
    destroy() {
      alive = false;
      later.cancel();
    },
  };
}
