// One page: its picture, its highlights and its words. Holds nothing while far from the view.

import { h } from "./dom.js";
import { layWords } from "./words.js";
import { t } from "../texts.js";

const MOST_PIXELS = 16_000_000; // browsers refuse or blur larger canvases

export class PdfPage {
  constructor(info, words) {
    this.info = info;
    this.number = info.number;
    this.words = words; // () => promise of the page's words
    this.near = false;
    this.drawn = 0;
    this.task = null;
    this.data = null;
    this.canvas = null;
    this.marks = h("div", { class: "wb-marks" });
    this.layer = h("div", { class: "wb-words" });
    this.element = h(
      "div",
      { class: "wb-page", data: { page: info.number }, role: "group", "aria-label": t("cockpit.page.number", { n: info.number }) },
      this.marks,
      this.layer,
    );
    this.resize();
  }

  resize() {
    this.element.style.setProperty("--w", this.info.width);
    this.element.style.setProperty("--h", this.info.height);
  }

  enter() {
    if (this.near) return;
    this.near = true;
    this.words().then(
      (data) => {
        this.data = data;
        if (this.near) layWords(this.layer, data, this.info);
      },
      () => this.element.classList.add("wb-wordless"),
    );
  }

  leave() {
    this.near = false;
    this.task?.cancel();
    this.task = null;
    this.drawn = 0;
    if (this.canvas) {
      this.canvas.remove();
      this.canvas.width = this.canvas.height = 0; // frees the memory now, not at the next collection
      this.canvas = null;
    }
    this.layer.replaceChildren();
  }

  /** Draw at `scale` CSS pixels a point, unless it is drawn so already. */
  async draw(pdf, scale) {
    const page = await pdf.getPage(this.number);
    if (!this.near) return;
    const natural = page.getViewport({ scale: 1 });
    this.#trust(natural);
    const dense = Math.max(1, window.devicePixelRatio || 1);
    const wanted = (scale * dense * this.info.width) / natural.width;
    const most = Math.sqrt(MOST_PIXELS / (natural.width * natural.height));
    const viewport = page.getViewport({ scale: Math.min(wanted, most) });
    const canvas = h("canvas", { class: "wb-canvas", "aria-hidden": "true" });
    canvas.width = Math.round(viewport.width);
    canvas.height = Math.round(viewport.height);
    this.task?.cancel();
    const task = page.render({ canvas, viewport });
    this.task = task;
    await task.promise;
    if (this.task !== task) return;
    this.task = null;
    this.canvas?.remove();
    this.canvas = canvas;
    this.element.prepend(canvas);
    this.drawn = scale;
    this.element.classList.add("wb-drawn");
  }

  /** The file knows the shape of its page best: a server that crops otherwise must not stretch it. */
  #trust(natural) {
    const ratio = natural.height / natural.width;
    if (Math.abs(ratio * this.info.width - this.info.height) < 1) return;
    this.info = { ...this.info, height: this.info.width * ratio };
    this.resize();
  }

  /** `marks` are {key, kind, alignment, label, box}; a box is a share of the page. */
  mark(marks) {
    this.marks.replaceChildren(...marks.map(toMark));
  }
}

const placed = (box) => ({
  left: `${box.x0 * 100}%`,
  top: `${box.y0 * 100}%`,
  width: `${(box.x1 - box.x0) * 100}%`,
  height: `${(box.y1 - box.y0) * 100}%`,
});

function toMark({ key, kind, alignment, label, box, first }) {
  if (kind === "passage") return h("div", { class: "wb-passage", style: placed(box) }); // leads nowhere
  return h("button", {
    type: "button",
    tabindex: "-1",
    class: `wb-mark wb-mark-${kind}`,
    title: label,
    "aria-label": first ? label : null,
    "aria-hidden": first ? null : "true",
    data: { key, kind, alignment },
    style: placed(box),
  });
}
