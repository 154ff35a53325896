// Finds words of the paper and selects them, so that text gets into a field without the mouse.

import { t } from "../texts.js";
import { button, h } from "./dom.js";

const ALIKE = { "-": "[-\u2010-\u2015]", "'": "['\u2018\u2019]", '"': '["\u201c\u201d\u201e]' };

/** Letters in upper or lower case, any white space, any dash, any quotation mark. */
function pattern(query) {
  const parts = [...query.trim().replace(/\s+/g, " ")].map((sign) => {
    if (sign === " ") return "\\s+";
    return ALIKE[sign] ?? sign.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
  return new RegExp(parts.join(""), "giu");
}

/** `ctx` has review, pane, api, controls. */
export function createFind(ctx) {
  const input = h("input", { class: "wb-find-words", type: "text", "aria-label": t("review.find"), placeholder: t("review.find"), spellcheck: "false", autocomplete: "off" });
  const count = h("span", { class: "wb-find-count", role: "status", "aria-live": "polite" });
  const hint = h("span", { class: "wb-find-hint", text: t("review.find_hint") });
  const element = h(
    "div",
    { class: "wb-find", role: "search", hidden: true },
    input, count,
    button(t("review.find_previous"), () => queue(() => go(-1)), { quiet: true, symbol: "up", name: "find-previous" }),
    button(t("review.find_next"), () => queue(() => go(1)), { quiet: true, symbol: "down", name: "find-next" }),
    hint,
    button(t("review.find_close"), () => close(), { quiet: true, symbol: "absent", name: "find-close" }),
  );
  let hits = []; // {start, end}
  let at = -1;
  let searched = null;
  let range = null;
  let waiting = 0; // keys come faster than pages: each waits for the one before
  let tail = Promise.resolve();

  function queue(run) {
    waiting += 1;
    tail = tail.then(run).finally(() => (waiting -= 1));
    return tail;
  }

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!input.value.trim()) return;
    ctx.pane.scroller.focus({ preventScroll: true });
    queue(() => go(event.shiftKey ? -1 : 1));
  });

  function open() {
    const place = ctx.pane.scroller;
    if (element.nextSibling !== place) place.before(element);
    element.hidden = false;
    input.focus();
    input.select();
  }

  /** False when it was closed already. */
  function close({ focus = true } = {}) {
    if (element.hidden) return false;
    element.hidden = true;
    range = null;
    count.textContent = "";
    if (focus) ctx.controls.focusField();
    return true;
  }

  async function search() {
    const { document: paper } = ctx.review.payload;
    const name = `${paper.sha256} ${input.value.trim()}`;
    if (name === searched) return;
    const wanted = pattern(input.value);
    const found = [];
    for (const { number } of paper.pages) {
      const data = await ctx.api.page(paper.sha256, number);
      for (const { index, 0: text } of data.text.matchAll(wanted)) {
        found.push({ start: data.start + index, end: data.start + index + text.length });
      }
    }
    [hits, at, searched] = [found, -1, name];
  }

  async function go(by) {
    if (!ctx.review || !input.value.trim()) return;
    try {
      await search();
    } catch (error) {
      if (error.name !== "ApiError") throw error;
      count.textContent = error.message;
      return;
    }
    if (!hits.length) {
      count.textContent = t("review.find_nothing");
      range = null;
      ctx.pane.selection.clear();
      if (!element.hidden) input.focus();
      return;
    }
    at = at < 0 && by < 0 ? hits.length - 1 : (at + by + hits.length) % hits.length;
    count.textContent = t("review.find_place", { at: at + 1, n: hits.length });
    await choose(hits[at]);
  }

  async function choose(next) {
    range = { ...next };
    if (!(await ctx.pane.selectRange(range.start, range.end))) count.textContent = t("review.find_unshown");
  }

  /** Move the end of what is selected: a word on, a word back, or to the end of the sentence. */
  async function extend(how) {
    if (!range || !ctx.review) return;
    const { document: paper } = ctx.review.payload;
    const page = paper.pages.find(({ start, end }) => start <= range.start && range.start < end);
    const { text, start } = await ctx.api.page(paper.sha256, page.number);
    const end = MOVES[how](text, range.end - start, range.start - start) + start;
    if (end > range.start) await choose({ start: range.start, end });
  }

  /** A key pressed on the page while words are found; whether it was taken. */
  function key(event) {
    if (element.hidden || !(range || waiting) || !event.target.closest?.(".wb-scroll")) return false;
    const name = event.shiftKey && event.key.startsWith("Arrow") ? `Shift${event.key}` : event.key;
    const run = {
      n: () => go(1), Enter: () => go(event.shiftKey ? -1 : 1), N: () => go(-1),
      ".": () => extend("sentence"), ShiftArrowRight: () => extend("more"), ShiftArrowLeft: () => extend("less"),
    }[name];
    if (run) queue(run);
    return Boolean(run);
  }

  return {
    open, close, key,
    get busy() {
      return waiting > 0;
    },
    /** Resolves when the keys so far have done what they mean. */
    settled: () => tail,
    has: (target) => element.contains(target),
    /** Another paper is open: what was found stands in the one before. */
    forget() {
      close({ focus: false });
      [hits, at, searched, range] = [[], -1, null, null];
    },
  };
}

const MOVES = {
  more: (text, end) => end + (/^\s*\S+/.exec(text.slice(end))?.[0].length ?? 0),
  less(text, end, start) {
    const back = /\s*\S+$/.exec(text.slice(start, end));
    return back?.index ? start + back.index : end;
  },
  /** A full stop before a capital letter or the end; pressed again, it goes on to the next. */
  sentence(text, end) {
    const stop = /[.!?]["\u201d\u2019)\]]*(?=\s+\p{Lu}|\s*$)/u.exec(text.slice(end));
    return stop ? end + stop.index + stop[0].length : end;
  },
};
