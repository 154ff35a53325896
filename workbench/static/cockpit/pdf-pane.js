// The PDF beside the form: pages drawn only near the view, highlights, selectable words, zoom.

import { button, calm, h } from "./dom.js";
import { dragging } from "./drag.js";
import { PdfPage } from "./pdf-page.js";
import { createQueue } from "./pdf-queue.js";
import { picking } from "./picking.js";
import { selectOffsets, trimmed, watchSelection } from "./selection.js";
import { recall, remember } from "./storage.js";
import { boxesOf } from "./words.js";
import { t } from "../texts.js";

const GAP = 12;
const STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4];

/** `hear` has pick(key), select(selection | null). */
export function createPdfPane({ api, docs, hear }) {
  const pagesBox = h("div", { class: "wb-pages" });
  const scroller = h(
    "div",
    { class: "wb-scroll", tabindex: "0", role: "region", "aria-label": t("cockpit.page.paper") },
    pagesBox,
  );
  const number = h("input", {
    class: "wb-pageno", inputmode: "numeric", "aria-label": t("cockpit.page.name"), value: "1",
    on: { change: () => goTo(Number(number.value) || 1), focus: () => number.select(), keydown: (event) => entered(event) },
  });
  const count = h("span", { class: "wb-pages-count" });
  const percent = h("span", { class: "wb-percent", "aria-live": "off" });
  const bar = h(
    "div",
    { class: "wb-bar", role: "toolbar", "aria-label": t("cockpit.page.bar") },
    button(t("cockpit.page.previous"), () => goTo(current() - 1), { quiet: true, symbol: "up" }),
    button(t("cockpit.page.next"), () => goTo(current() + 1), { quiet: true, symbol: "down" }),
    number, count,
    h("span", { class: "wb-space" }),
    button(t("cockpit.page.dark"), () => dim(!recall("dim")), { quiet: true, symbol: "dim", name: "dim" }),
    button(t("cockpit.key.zoomOut"), () => zoom(-1), { quiet: true, symbol: "minus", key: "Z", name: "zoom-out" }),
    percent,
    button(t("cockpit.key.zoomIn"), () => zoom(1), { quiet: true, symbol: "plus", key: "z", name: "zoom-in" }),
    button(t("cockpit.key.fit"), () => fit(), { quiet: true, symbol: "fit", key: "w", name: "fit" }),
  );
  const notice = h("div", { class: "wb-pane-notice", role: "status", hidden: true });
  const element = h("section", { class: "wb-pane wb-pdf", "aria-label": "PDF" }, bar, notice, scroller);

  let pages = [];
  let pdf = null;
  let sha = null;
  let shown = 0; // counts documents, so that a late answer for an earlier one is dropped
  let scale = recall("zoom") || 0;
  let fitting = !scale;
  let marks = [];
  let active = null;
  scale ||= 1;

  const queue = createQueue({
    draw: (page) => page.draw(pdf, scale),
    ready: () => Boolean(pdf),
    due: () => pages.filter((page) => page.near && page.drawn !== scale),
    middle: () => current(),
    fail: (page) => pages.includes(page) && broken(),
  });
  const nearby = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const page = pages[Number(target.dataset.page) - 1];
        if (page?.element !== target) continue;
        if (isIntersecting) page.enter();
        else page.leave();
      }
      queue.kick();
    },
    { root: scroller, rootMargin: "120% 0px" },
  );
  const resized = new ResizeObserver(() => fitting && scroller.clientWidth && fit());
  resized.observe(scroller);
  const selection = watchSelection(scroller, readSelection, hear.select);
  const picks = picking(scroller, () => active, hear.pick);
  const drags = dragging(scroller);
  scroller.addEventListener("scroll", () => requestAnimationFrame(follow), { passive: true });
  dim(recall("dim"));

  function dim(on) {
    remember("dim", Boolean(on));
    element.classList.toggle("wb-dimmed", Boolean(on));
    bar.querySelector("[data-action=dim]").setAttribute("aria-pressed", String(Boolean(on)));
  }

  async function show(document) {
    shown += 1;
    const mine = shown;
    sha = document.sha256;
    pdf = null;
    nearby.disconnect();
    pages.forEach((page) => page.leave());
    pages = document.pages.map((info) => new PdfPage(info, () => api.page(document.sha256, info.number)));
    pagesBox.replaceChildren(...pages.map((page) => page.element));
    count.textContent = `/ ${pages.length}`;
    tell("");
    scroller.scrollTop = 0;
    element.classList.remove("wb-undrawn");
    if (fitting) fit();
    else apply();
    pages.forEach((page) => nearby.observe(page.element));
    place();
    try {
      const opened = await docs.get(document.sha256);
      if (mine !== shown) return;
      pdf = opened;
      queue.kick();
    } catch (error) {
      if (mine === shown) broken(error);
    }
  }

  /** A file that cannot be drawn is still readable: its words are shown instead of its picture. */
  function broken(error) {
    element.classList.add("wb-undrawn");
    const password = error?.name === "PasswordException";
    tell(t(password ? "cockpit.page.locked" : "cockpit.page.undrawn"));
  }

  function tell(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  function fit() {
    fitting = true;
    remember("zoom", null);
    const widths = pages.map((page) => page.info.width).sort((a, b) => a - b);
    const usual = widths[Math.floor(widths.length / 2)] ?? 600;
    setScale((scroller.clientWidth - 2 * GAP - 2) / usual);
  }

  function zoom(by) {
    fitting = false;
    const steps = by > 0 ? STEPS.filter((s) => s > scale * 1.02) : STEPS.filter((s) => s < scale * 0.98);
    setScale((by > 0 ? steps[0] : steps.at(-1)) ?? scale);
    remember("zoom", scale);
  }

  function setScale(next) {
    if (!(next > 0) || Math.abs(next - scale) < 0.001) {
      apply();
      return;
    }
    const middle = scroller.scrollTop + scroller.clientHeight / 2;
    const share = middle / Math.max(1, scroller.scrollHeight);
    scale = next;
    apply();
    scroller.scrollTop = share * scroller.scrollHeight - scroller.clientHeight / 2;
    queue.later();
  }

  function apply() {
    pagesBox.style.setProperty("--wb-scale", scale.toFixed(4));
    percent.textContent = `${Math.round(scale * 75)} %`; // 96 pixels are an inch, 72 points are one
    follow();
  }

  /** The page that fills the view: the last one that begins above 40 % of it. */
  function current() {
    const line = scroller.scrollTop + scroller.clientHeight * 0.4;
    let low = 0;
    let high = pages.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (pages[middle].element.offsetTop <= line) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  function follow() {
    if (document.activeElement !== number) number.value = String(pages.length ? current() : 0);
  }

  function goTo(page) {
    const target = pages[Math.min(Math.max(1, page), pages.length) - 1];
    if (target) scrollTo(target.element.offsetTop - GAP);
  }

  /** Enter in the page's number: there, and on from there with the keys of the page. */
  function entered(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    goTo(Number(number.value) || 1);
    scroller.focus({ preventScroll: true });
  }

  function askPage() {
    number.focus();
    return true;
  }

  /** Scroll to the words between two offsets and select them; false when they cannot be shown. */
  async function selectRange(start, end) {
    const page = pages.find(({ info }) => info.start <= start && start < info.end);
    if (!page) return false;
    const mine = shown;
    const data = await page.words();
    if (mine !== shown) return false;
    const [box] = boxesOf(data, start, end);
    if (box) reveal(box, false, "instant"); // the menu stands where the words come to rest
    scroller.focus({ preventScroll: true });
    return selectOffsets(scroller, start, end, () => mine === shown);
  }

  function scrollTo(top, how = "smooth") {
    const far = Math.abs(top - scroller.scrollTop) > 2 * scroller.clientHeight;
    scroller.scrollTo({ top, behavior: calm() || far ? "instant" : how });
  }

  /** Bring a box into the upper part of the view, unless it is comfortably in view already. */
  function reveal(box, always, how) {
    const page = pages[box.page - 1];
    if (!page) return;
    const top = page.element.offsetTop + box.y0 * page.element.offsetHeight;
    const bottom = page.element.offsetTop + box.y1 * page.element.offsetHeight;
    const view = scroller.clientHeight;
    const inside = top > scroller.scrollTop + view * 0.08 && bottom < scroller.scrollTop + view * 0.85;
    if (always || !inside) scrollTo(top - view * 0.35, how);
    const left = page.element.offsetLeft + box.x0 * page.element.offsetWidth;
    if (left < scroller.scrollLeft || left > scroller.scrollLeft + scroller.clientWidth - 80) {
      scroller.scrollLeft = Math.max(0, left - 40);
    }
  }

  function setMarks(next) {
    marks = next;
    place();
  }

  function place() {
    const byPage = new Map();
    for (const mark of marks) {
      mark.boxes.forEach((box, i) => {
        if (!byPage.has(box.page)) byPage.set(box.page, []);
        byPage.get(box.page).push({ ...mark, box, first: i === 0 });
      });
    }
    for (const page of pages) {
      const here = byPage.get(page.number) ?? [];
      if (here.length || page.marks.childElementCount) page.mark(here);
    }
    glow();
  }

  function glow() {
    for (const mark of pagesBox.querySelectorAll(".wb-mark")) {
      mark.classList.toggle("wb-active", mark.dataset.key === active);
    }
  }

  function focus(key, { scroll = true, always = false } = {}) {
    active = key;
    glow();
    const box = marks.find((mark) => mark.key === key)?.boxes[0];
    if (scroll && box) reveal(box, always);
    return Boolean(box);
  }

  /** The words between two offsets: text, and the boxes in which they stand. */
  function readSelection({ start, end }) {
    const parts = pages.filter((page) => page.data && page.data.start < end && page.data.end > start);
    if (!parts.length) return null;
    const text = parts
      .map(({ data }) => data.text.slice(Math.max(0, start - data.start), end - data.start))
      .join("\n");
    const chosen = trimmed({ start, end }, text);
    const boxes = parts.flatMap(({ data }) => boxesOf(data, chosen.start, chosen.end));
    return { ...chosen, page: boxes[0]?.page ?? parts[0].number, boxes };
  }

  return {
    element, scroller, show, setMarks, focus, goTo, zoom, fit, selection, selectRange, askPage,
    /** Bring a highlight into view, unless it is there. */
    reveal(key) {
      const box = marks.find((mark) => mark.key === key)?.boxes[0];
      if (box) reveal(box, false);
    },
    scrollBy: (share) => scroller.scrollBy({ top: share * scroller.clientHeight, behavior: calm() ? "instant" : "smooth" }),
    get sha256() {
      return sha;
    },
    destroy() {
      shown += 1;
      nearby.disconnect();
      resized.disconnect();
      selection.destroy();
      picks.destroy();
      drags.destroy();
      queue.destroy();
      pages.forEach((page) => page.leave());
    },
  };
}
