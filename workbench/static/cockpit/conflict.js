// The dialog for a paper that somebody else saved meanwhile: both versions, and what to do.

import { button, h } from "./dom.js";
import { linesOf, sideBySide, wordDiff } from "./diff.js";
import { t } from "../texts.js";

const DECISIONS = { no_funding: t("cockpit.no_funding"), skip: t("cockpit.skip"), flag: t("cockpit.flag") };

/**
 * Ask what to do; resolves to "theirs", "mine", "merge" or null (closed: decide later).
 * `entry` is the decision that came second, `theirs` the body of the 409.
 */
export function askConflict(root, entry, theirs) {
  return new Promise((resolve) => {
    const { action, answer: mine } = entry.body;
    const who = theirs.revision?.actor ?? t("cockpit.conflict.somebody");
    const status = t(`common.status.${theirs.status}`);
    const choose = (choice) => {
      resolve(choice);
      dialog.close();
    };
    const dialog = h(
      "dialog",
      { class: "wb-dialog wb-conflict", "aria-labelledby": "wb-conflict-title" },
      h(
        "header",
        { class: "wb-dialog-head" },
        h("h2", { id: "wb-conflict-title", text: t("cockpit.conflict.title") }),
      ),
      h("p", { class: "wb-dialog-text", text: `${entry.name}: ${theirs.error}` }),
      h(
        "div",
        { class: "wb-compare", tabindex: "0", role: "region", "aria-label": t("cockpit.conflict.both") },
        heading(t("cockpit.conflict.theirs"), `${who}: ${status}`),
        heading(t("cockpit.conflict.mine"), mine ? t("cockpit.conflict.yours") : DECISIONS[action]),
        mine
          ? sideBySide(linesOf(theirs.answer), linesOf(mine)).flatMap(compared)
          : [
              h("div", { class: "wb-version" }, linesOf(theirs.answer).map((line) => shown(line))),
              h("div", { class: "wb-version" }, h("p", { text: `${DECISIONS[action]}${entry.body.note ? `: ${entry.body.note}` : ""}` })),
            ],
      ),
      h(
        "div",
        { class: "wb-dialog-foot" },
        button(t("cockpit.conflict.keep_theirs"), () => choose("theirs"), { name: "keep-theirs", kind: "plain" }),
        button(t("cockpit.conflict.merge"), () => choose("merge"), { name: "merge", kind: "plain", title: t("cockpit.conflict.merge_title") }),
        button(t("cockpit.conflict.save_mine"), () => choose("mine"), { name: "save-mine", kind: "primary" }),
      ),
    );
    dialog.addEventListener("close", () => {
      resolve(null);
      dialog.remove();
    });
    root.append(dialog);
    dialog.showModal();
    dialog.querySelector("[data-action=merge]").focus();
  });
}

const heading = (title, text) =>
  h("h3", { class: "wb-compare-head" }, h("span", { text: title }), h("span", { class: "wb-sub", text }));

function compared([left, right, same]) {
  return [cell(left, right, same, "theirs"), cell(right, left, same, "mine")];
}

function cell(line, other, same, side) {
  const kind = same ? "wb-same" : line ? "wb-differs" : "wb-missing";
  const box = h("div", { class: `wb-cell ${kind}`, data: { side } });
  if (line) box.append(shown(line, same ? null : (other?.text ?? "")));
  else box.append(h("span", { class: "wb-sub", text: t("cockpit.conflict.missing") }));
  return box;
}

/** A line; with `other` given, its words that the other side lacks are marked. */
function shown(line, other = null) {
  const words = other === null ? [[line.text, false]] : wordDiff(line.text, other);
  return h(
    "p",
    { class: `wb-line wb-depth-${line.depth}` },
    h("span", { class: "wb-line-label", text: line.label }),
    h("span", {}, words.map(([text, fresh]) => h(fresh && text.trim() ? "mark" : "span", { text }))),
  );
}
