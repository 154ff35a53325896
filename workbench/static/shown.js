// Tabs of the page: which is shown, and how to go to another.

/** Runs `run` at once when `element` is on the screen and then every `ms`, but only while it is. */
export function whileShown(element, run, ms) {
  let timer = 0;
  let busy = false;
  const tick = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      await run();
    } finally {
      busy = false;
    }
  };
  new IntersectionObserver((entries) => {
    const visible = entries.at(-1).isIntersecting;
    clearInterval(timer);
    if (!visible) return;
    tick();
    if (ms) timer = setInterval(tick, ms);
  }).observe(element);
  return tick;
}

/** The button of a tab by its id, on the bar or in its overflow menu. */
export function tabButton(id) {
  return document.querySelector(`#wb-tabs [role=tab][data-tab-id="${id}"]`);
}

export function goTo(id) {
  tabButton(id)?.click();
}
