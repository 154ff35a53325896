// Mends what axe-core finds in Gradio's own markup, where no option of a component reaches it.

import { t } from "/desk/texts.js";

/** Each: what is wrong, by selector, and how it is put right. Each runs once an element. */
const MENDS = [];

export function mend(root) {
  for (const [selector, fix] of MENDS) {
    for (const element of root.querySelectorAll(selector)) fix(element, t);
  }
}
