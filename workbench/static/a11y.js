// Mends what axe-core finds in Gradio's own markup, where no option of a component reaches it.

import { t } from "/desk/texts.js";

/** Each: what is wrong, by selector, and how it is put right. Each runs once an element. */
const MENDS = [
  // A plain div must not carry a name; as a picture of "nothing here" it may.
  ["div.empty[aria-label]:not([role])", (element) => element.setAttribute("role", "img")],
];

export function mend(root) {
  for (const [selector, fix] of MENDS) {
    for (const element of root.querySelectorAll(selector)) fix(element, t);
  }
}
