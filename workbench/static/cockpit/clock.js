// How long somebody really worked on a record: pauses and hidden tabs do not count.

const IDLE = 30_000; // a longer silence counts as a pause; reading a page takes less

export function createClock(root) {
  let spent = 0;
  let last = performance.now();
  const events = ["keydown", "pointerdown", "pointermove", "wheel", "scroll"];

  const tick = () => {
    const now = performance.now();
    spent += Math.min(now - last, IDLE);
    last = now;
  };
  const shown = () => {
    if (document.hidden) tick();
    else last = performance.now();
  };
  for (const event of events) root.addEventListener(event, tick, { passive: true, capture: true });
  document.addEventListener("visibilitychange", shown);

  return {
    restart() {
      spent = 0;
      last = performance.now();
    },
    read() {
      tick();
      return Math.round(spent);
    },
    destroy() {
      for (const event of events) root.removeEventListener(event, tick, { capture: true });
      document.removeEventListener("visibilitychange", shown);
    },
  };
}
