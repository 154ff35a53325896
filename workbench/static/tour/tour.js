// The tour: a dialog beside each thing that it tells of, over the real page. Enter or → goes on,
// ← back, Esc leaves. It is offered once a browser and can be begun again on the About page.

import { button, calm, h } from "/desk/cockpit/dom.js";
import { ask } from "/desk/ask.js";
import { goTo } from "/desk/shown.js";
import { t } from "/desk/texts.js";
import { STEPS } from "./steps.js";

const SEEN = "wb-tour-seen";
const GAP = 12;
const PATIENCE = 6000;

/** Begin the tour unless this browser has seen it. */
export function offerTour() {
  if (!remembered()) startTour();
}

export function startTour() {
  if (document.querySelector(".wb-tour")) return;
  const tour = make();
  document.body.append(tour.dialog);
  tour.dialog.showModal();
  show(tour, 0);
}

function make() {
  const before = document.activeElement;
  const ring = h("div", { class: "wb-tour-ring", "aria-hidden": "true" });
  const title = h("h2", { id: "wb-tour-title", tabindex: "-1" });
  const text = h("p", { id: "wb-tour-text" });
  const count = h("span", { class: "wb-note" });
  const tour = { ring, title, text, count, at: 0, target: null, turn: 0 };
  tour.back = button(t("tour.back"), () => show(tour, tour.at - 1), { kind: "plain", name: "tour-back" });
  tour.next = button(t("tour.next"), () => forward(tour), { kind: "primary", name: "tour-next" });
  const leave = button(t("tour.leave"), () => tour.dialog.close(), { kind: "plain", name: "tour-leave" });
  tour.card = h(
    "div",
    { class: "wb-tour-card" },
    title,
    text,
    h("p", { class: "wb-note", text: t("tour.keys") }),
    h("div", { class: "wb-tour-foot" }, count, leave, tour.back, tour.next),
  );
  tour.dialog = h(
    "dialog",
    { class: "wb-tour", "aria-labelledby": "wb-tour-title", "aria-describedby": "wb-tour-text" },
    ring,
    tour.card,
  );
  if (calm()) tour.dialog.classList.add("wb-calm");
  const place = () => put(tour);
  const timer = setInterval(place, 400); // the page below loads and moves
  addEventListener("resize", place);
  tour.dialog.addEventListener("keydown", (event) => keys(tour, event));
  tour.dialog.addEventListener("close", () => {
    clearInterval(timer);
    removeEventListener("resize", place);
    remember();
    tour.dialog.remove();
    (before?.isConnected ? before : document.body).focus?.();
  });
  return tour;
}

/** Keys stay in the tour: the cockpit below must not accept a paper meanwhile. */
function keys(tour, event) {
  event.stopPropagation();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const onButton = event.target.closest("button");
  if (event.key === "ArrowRight" || (event.key === "Enter" && !onButton)) {
    event.preventDefault();
    forward(tour);
  } else if (event.key === "ArrowLeft" && tour.at > 0) {
    event.preventDefault();
    show(tour, tour.at - 1);
  }
}

function forward(tour) {
  if (tour.at === STEPS.length - 1) tour.dialog.close();
  else show(tour, tour.at + 1);
}

async function show(tour, at) {
  const step = STEPS[at];
  tour.at = at;
  const turn = (tour.turn += 1);
  goTo(step.tab);
  tour.target = null;
  say(tour, step);
  if (step.open) await openPaper();
  const end = Date.now() + PATIENCE;
  while (turn === tour.turn && Date.now() < end && !visible(step.at[0])) await pause(100);
  if (turn !== tour.turn) return;
  tour.target = step;
  found(step)?.scrollIntoView({ block: "nearest", behavior: "instant" });
  put(tour);
}

function say(tour, step) {
  const last = tour.at === STEPS.length - 1;
  tour.title.textContent = t(`tour.${step.key}.title`);
  tour.text.textContent = t(`tour.${step.key}.text`);
  tour.count.textContent = t("tour.count", { at: tour.at + 1, of: STEPS.length });
  tour.back.disabled = tour.at === 0;
  (tour.next.querySelector(".wb-label") ?? tour.next).textContent = t(last ? "tour.end" : "tour.next");
  tour.title.focus();
  put(tour);
}

/** A paper is opened, so that the review page has something to show: best one that was read. */
async function openPaper() {
  if (document.querySelector(".wb-split")?.offsetParent) return;
  const shown = await ask("/api/records?limit=50").catch(() => null);
  const items = shown?.items ?? [];
  const chosen = items.find((item) => item.job?.state === "done") ?? items[0];
  if (!chosen) return;
  goTo("papers");
  const end = Date.now() + PATIENCE;
  const row = () =>
    document.querySelector(`#wb-queue [data-record="${chosen.id}"]`) ?? document.querySelector("#wb-queue [data-record]");
  while (!row() && Date.now() < end) await pause(100);
  row()?.click();
}

function visible(selector) {
  const one = document.querySelector(selector);
  return one?.getClientRects().length ? one : null;
}

/** The first that is there: the others stand in for what has not come, or is called otherwise. */
function found(step) {
  return step.at.map(visible).find(Boolean);
}

/** The ring goes around the target, the card beside it where there is room. */
function put({ ring, card, target }) {
  const place = target && found(target)?.getBoundingClientRect();
  ring.hidden = !place;
  if (!place) {
    card.style.left = `${(innerWidth - card.offsetWidth) / 2}px`;
    card.style.top = `${(innerHeight - card.offsetHeight) / 2}px`;
    return;
  }
  const [left, top] = [Math.max(4, place.left - 6), Math.max(4, place.top - 6)];
  const right = Math.min(innerWidth - 4, place.right + 6);
  const bottom = Math.min(innerHeight - 4, place.bottom + 6);
  Object.assign(ring.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
  const { offsetWidth: w, offsetHeight: tall } = card;
  const below = bottom + GAP + tall < innerHeight;
  const y = below ? bottom + GAP : top - GAP - tall > 0 ? top - GAP - tall : innerHeight - tall - 24;
  const x = Math.min(Math.max(12, left), innerWidth - w - 12);
  card.style.left = `${x}px`;
  card.style.top = `${y}px`;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function remembered() {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return true; // a browser that forgets everything would be shown it for ever
  }
}

function remember() {
  try {
    localStorage.setItem(SEEN, new Date().toISOString());
  } catch {
    // It is offered again: no harm.
  }
}
