// What was decided on this paper before, newest first.

import { h } from "./dom.js";
import { STATUS_NAMES } from "./header.js";

const KINDS = { proposal: "proposed", undo: "undone", decision: "" };

const when = (text) => {
  const date = new Date(text);
  return Number.isNaN(date.getTime())
    ? text
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
};

export function createHistory() {
  const element = h("ol", { class: "wb-history" });

  function show(revisions) {
    const newest = [...revisions].sort((a, b) => b.seq - a.seq);
    element.replaceChildren(
      ...newest.map(({ seq, kind, verdict, actor, note, created_at: at }) =>
        h(
          "li",
          { class: "wb-revision", data: { seq } },
          h("span", { class: "wb-seq", text: `#${seq}` }),
          h("span", { class: "wb-status", text: STATUS_NAMES[verdict] ?? verdict, data: { status: verdict } }),
          KINDS[kind] === "" || kind === "save" ? null : h("span", { class: "wb-revision-kind", text: KINDS[kind] ?? kind }),
          h("span", { class: "wb-actor", text: actor }),
          h("time", { class: "wb-when", datetime: at, text: when(at) }),
          note ? h("p", { class: "wb-revision-note", text: note }) : null,
        ),
      ),
    );
  }

  return { element, show };
}
