// A text document beside the form, with the same interface as the PDF pane.

import { calm, h } from "./dom.js";
import { picking } from "./picking.js";
import { selectOffsets, trimmed, watchSelection } from "./selection.js";
import { t } from "../texts.js";

/** `hear` has pick(key), select(selection | null). */
export function createTextPane({ api, hear }) {
  const body = h("div", { class: "wb-sheet" });
  const scroller = h(
    "div",
    { class: "wb-scroll wb-prose", tabindex: "0", role: "region", "aria-label": t("cockpit.page.paper") },
    body,
  );
  const element = h("section", { class: "wb-pane wb-text", "aria-label": t("cockpit.page.text") }, scroller);
  let pages = [];
  let marks = [];
  let active = null;
  let sha = null;
  let shown = 0;
  let size = 1;

  const selection = watchSelection(scroller, readSelection, hear.select);
  const picks = picking(scroller, () => active, hear.pick);
  const nearby = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const page = pages.find((one) => one.element === target);
        if (page && isIntersecting) load(page);
      }
    },
    { root: scroller, rootMargin: "150% 0px" },
  );

  function show(document) {
    shown += 1;
    sha = document.sha256;
    nearby.disconnect();
    scroller.scrollTop = 0;
    pages = document.pages.map((info) => ({
      ...info,
      sha256: document.sha256,
      data: null,
      element: h("div", { class: "wb-text-page", data: { page: info.number } }),
    }));
    body.replaceChildren(...pages.map((page) => page.element));
    pages.forEach((page) => nearby.observe(page.element));
    return Promise.resolve();
  }

  async function load(page) {
    if (page.data || page.asked) return;
    const mine = shown;
    page.asked = true;
    try {
      const data = await api.page(page.sha256, page.number);
      if (mine !== shown) return;
      page.data = data;
      paint(page);
      if (active) focus(active);
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      page.asked = false;
      page.element.textContent = error.message;
    }
  }

  /** Cut the text at every edge of a highlight; each piece knows its offsets. */
  function paint(page) {
    const { text, start, end } = page.data;
    const here = marks.filter((mark) => mark.start < end && mark.end > start);
    const cuts = new Set([start, end]);
    for (const mark of here) {
      cuts.add(Math.max(start, mark.start));
      cuts.add(Math.min(end, mark.end));
    }
    const edges = [...cuts].sort((a, b) => a - b);
    const pieces = edges.slice(0, -1).map((from, i) => {
      const to = edges[i + 1];
      return piece(text.slice(from - start, to - start), from, to, here);
    });
    page.element.replaceChildren(...pieces);
    glow();
  }

  function piece(text, from, to, here) {
    const over = here.filter((mark) => mark.start <= from && mark.end >= to);
    const data = { start: from, end: to };
    const plain = () => h("span", { class: "wb-piece", text, data });
    const inner = [...over].sort((a, b) => b.end - b.start - (a.end - a.start));
    return inner.reduceRight((child, mark) => {
      const props = {
        class: `wb-mark wb-mark-${mark.kind}`,
        title: mark.label,
        data: { key: mark.key, kind: mark.kind, alignment: mark.alignment },
      };
      return h("mark", props, child);
    }, plain());
  }

  function setMarks(next) {
    marks = next;
    pages.filter((page) => page.data).forEach(paint);
  }

  function glow() {
    for (const mark of body.querySelectorAll(".wb-mark")) {
      mark.classList.toggle("wb-active", mark.dataset.key === active);
    }
  }

  function focus(key, { scroll = true } = {}) {
    active = key;
    glow();
    const mark = marks.find((one) => one.key === key);
    if (!mark || !scroll) return Boolean(mark);
    const page = pages.find((one) => one.start <= mark.start && mark.start < one.end);
    if (page && !page.data) {
      page.element.scrollIntoView({ block: "start" });
      load(page);
      return true;
    }
    const at = body.querySelector(`.wb-active`);
    at?.scrollIntoView({ block: "center", behavior: calm() ? "instant" : "smooth" });
    return true;
  }

  function readSelection({ start, end }) {
    const parts = pages.filter(({ data }) => data && data.start < end && data.end > start);
    if (!parts.length) return null;
    const text = parts
      .map(({ data }) => data.text.slice(Math.max(0, start - data.start), end - data.start))
      .join("");
    return { ...trimmed({ start, end }, text), page: parts[0].number, boxes: [] };
  }

  /** Scroll to the words between two offsets and select them; false when they cannot be shown. */
  async function selectRange(start, end) {
    const page = pages.find((one) => one.start <= start && start < one.end);
    if (!page) return false;
    const mine = shown;
    if (!page.data) page.element.scrollIntoView({ block: "start" });
    await load(page);
    scroller.focus({ preventScroll: true });
    const chosen = await selectOffsets(body, start, end, () => mine === shown);
    const at = chosen && document.getSelection().getRangeAt(0).getBoundingClientRect();
    const view = scroller.getBoundingClientRect();
    if (at && (at.top < view.top + 20 || at.bottom > view.bottom - 60)) {
      scroller.scrollTop += at.top - view.top - view.height * 0.35;
    }
    return chosen;
  }

  function reveal(key) {
    const mark = marks.find((one) => one.key === key);
    const page = mark && pages.find((one) => one.start <= mark.start && mark.start < one.end);
    const at = body.querySelector(`.wb-mark[data-key="${CSS.escape(key)}"]`) ?? page?.element;
    at?.scrollIntoView({ block: "center", behavior: calm() ? "instant" : "smooth" });
  }

  function zoom(by) {
    size = Math.min(2, Math.max(0.7, size + by * 0.1));
    body.style.setProperty("--wb-size", size.toFixed(2));
  }

  return {
    element, scroller, show, setMarks, focus, zoom, selection, selectRange, reveal,
    fit() {
      size = 1;
      zoom(0);
    },
    get sha256() {
      return sha;
    },
    goTo: (number) => pages[number - 1]?.element.scrollIntoView({ block: "start" }),
    scrollBy: (share) => scroller.scrollBy({ top: share * scroller.clientHeight, behavior: calm() ? "instant" : "smooth" }),
    destroy() {
      shown += 1;
      nearby.disconnect();
      selection.destroy();
      picks.destroy();
    },
  };
}
