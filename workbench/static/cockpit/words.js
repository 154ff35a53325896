// The selectable text over a page: the server's words, transparent, each knowing its offsets.

import { h } from "./dom.js";

const FACE = "sans-serif";
let ruler = null;

/** Width of a text at 1 pixel of font size. */
function measure(text) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = `100px ${FACE}`;
  return ruler.measureText(text).width / 100;
}

/** Fill a layer with the words of `data`; `size` is the page's {width, height} in points. */
export function layWords(layer, data, size) {
  const spans = data.words.map(([start, end, x0, y0, x1, y1]) => {
    const text = data.text.slice(start - data.start, end - data.start);
    const height = (y1 - y0) * size.height;
    const natural = measure(text) * height;
    const stretch = natural > 0 ? ((x1 - x0) * size.width) / natural : 1;
    return h("span", {
      class: "wb-word",
      text,
      data: { start, end },
      style: {
        left: `${x0 * 100}%`,
        top: `${y0 * 100}%`,
        "--h": height.toFixed(3),
        transform: `scaleX(${stretch.toFixed(4)})`,
      },
    });
  });
  layer.replaceChildren(...spans);
}

/** Boxes of `[start, end)`, a word cut where the range cuts it, joined line by line. */
export function boxesOf(data, start, end) {
  const boxes = [];
  for (const [a, b, x0, y0, x1, y1] of data.words) {
    if (b <= start || a >= end) continue;
    const at = (offset) => x0 + ((x1 - x0) * (offset - a)) / (b - a);
    const box = { page: data.number, x0: at(Math.max(a, start)), y0, x1: at(Math.min(b, end)), y1 };
    const last = boxes.at(-1);
    const sameLine = last && Math.min(last.y1, y1) - Math.max(last.y0, y0) > 0.5 * (y1 - y0);
    if (sameLine && box.x0 >= last.x0) {
      last.x1 = Math.max(last.x1, box.x1);
      last.y0 = Math.min(last.y0, y0);
      last.y1 = Math.max(last.y1, y1);
    } else boxes.push(box);
  }
  return boxes;
}
