// How long somebody really worked on a record: pauses and hidden tabs do not count.

const IDLE = 60_000; // of a longer silence no more counts: a page is read without a touch, but not for long

export function createClock() {
  let spent = 0;
  let last = performance.now();
  let hidden = document.hidden;
  const events = ["keydown", "pointerdown", "pointermove", "wheel", "scroll"];

  const tick = () => {
    const now = performance.now();
    if (!hidden) spent += Math.min(now - last, IDLE);
    last = now;
  };
  const shown = () => {
    tick(); // what lies behind counts as it was: seen or hidden
    hidden = document.hidden;
  };
  for (const event of events) document.addEventListener(event, tick, { passive: true, capture: true });
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
      for (const event of events) document.removeEventListener(event, tick, { capture: true });
      document.removeEventListener("visibilitychange", shown);
    },
  };
}
