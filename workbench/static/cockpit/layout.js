// Two sides and the bar between them, which can be dragged or moved with the arrow keys.

import { h } from "./dom.js";
import { recall, remember } from "./storage.js";
import { t } from "../texts.js";

const USUAL = 58;
const MARGIN = 10; // below the cockpit
const within = (share) => Math.min(75, Math.max(30, share));

export function createSplit(left, right) {
  let share = within(Number(recall("split")) || USUAL);
  const bar = h("div", {
    class: "wb-splitter",
    role: "separator",
    tabindex: "0",
    "aria-orientation": "vertical",
    "aria-label": t("cockpit.split"),
    "aria-valuemin": "30",
    "aria-valuemax": "75",
    title: t("cockpit.split_title"),
  });
  const element = h("div", { class: "wb-split" }, left, bar, right);

  function set(next) {
    share = within(next);
    element.style.setProperty("--wb-share", `${share}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
  }

  function drag(event) {
    const box = element.getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 100);
  }

  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
    bar.addEventListener("pointermove", drag);
  });
  const end = () => {
    bar.removeEventListener("pointermove", drag);
    remember("split", share);
  };
  bar.addEventListener("pointerup", end);
  bar.addEventListener("pointercancel", end);
  bar.addEventListener("dblclick", () => {
    set(USUAL);
    remember("split", share);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (!step) return;
    event.preventDefault();
    set(share + step);
    remember("split", share);
  });
  set(share);
  return {
    element,
    /** Put another pane on the left. */
    left: (pane) => element.firstChild !== pane && element.firstChild.replaceWith(pane),
  };
}

/** Give the cockpit the height that is left below whatever stands above it; returns the end of it. */
export function fillHeight(root) {
  const fit = () => {
    if (!root.offsetParent) return; // in a tab that is not shown
    const top = Math.round(root.getBoundingClientRect().top + window.scrollY);
    root.style.setProperty("--wb-top", `${top + MARGIN}px`);
    const over = document.documentElement.scrollHeight - window.innerHeight;
    if (over > 0 && over < 80) root.style.setProperty("--wb-top", `${top + MARGIN + over}px`); // padding below
  };
  const watch = new ResizeObserver(fit);
  watch.observe(root.parentElement);
  addEventListener("resize", fit);
  fit();
  return () => {
    watch.disconnect();
    removeEventListener("resize", fit);
  };
}
