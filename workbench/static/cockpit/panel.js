// The right side: tabs for the form, the raw JSON, the model's reply and the history.

import { button, h } from "./dom.js";
import { t } from "../texts.js";

const TABS = [
  ["form", t("cockpit.tab.form"), null],
  ["raw", t("cockpit.tab.raw"), "t"],
  ["reply", t("cockpit.tab.reply"), "M"],
  ["history", t("cockpit.tab.history"), "h"],
];

/** `views` are elements by the tab's name; `shown(name)` hears a change. */
export function createPanel(views, shown) {
  const reply = h("pre", { class: "wb-reply", tabindex: "0" });
  const all = { ...views, reply };
  const notices = h("div", { class: "wb-notices" });
  const tabs = Object.fromEntries(TABS.map(([name, label, key]) => [name, tab(name, label, key)]));
  const panels = Object.fromEntries(
    TABS.map(([name, label]) => [
      name,
      h("div", { class: `wb-tabpanel wb-tabpanel-${name}`, role: "tabpanel", "aria-label": label, hidden: name !== "form" }, all[name]),
    ]),
  );
  const element = h(
    "section",
    { class: "wb-panel", "aria-label": t("common.tab.review") },
    h("div", { class: "wb-tabs", role: "tablist", on: { keydown: arrows } }, Object.values(tabs)),
    h("div", { class: "wb-panel-scroll" }, notices, Object.values(panels)),
  );
  let open = "form";

  function tab(name, label, key) {
    const made = h(
      "button",
      { type: "button", role: "tab", class: "wb-tab", "aria-selected": String(name === "form"), tabindex: name === "form" ? "0" : "-1", data: { tab: name }, on: { click: () => show(name) } },
      h("span", { text: label }),
      key ? h("kbd", { class: "wb-kbd", text: key, "aria-hidden": "true" }) : null,
      h("span", { class: "wb-count" }),
    );
    return made;
  }

  function arrows(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = TABS.map(([name]) => name).filter((name) => !tabs[name].hidden);
    const next = names[(names.indexOf(open) + step + names.length) % names.length];
    show(next);
    tabs[next].focus();
  }

  function show(name) {
    open = name;
    for (const [each] of TABS) {
      tabs[each].setAttribute("aria-selected", String(each === name));
      tabs[each].tabIndex = each === name ? 0 : -1;
      panels[each].hidden = each !== name;
    }
    shown(name);
  }

  function update({ proposal, revisions, comments = [] }) {
    const told = revisions.length + comments.length;
    tabs.reply.hidden = !proposal?.raw;
    tabs.history.querySelector(".wb-count").textContent = told ? String(told) : "";
    reply.textContent = proposal?.raw ?? "";
    if (tabs[open].hidden) show("form");
  }

  /** Notices above the form: {text, kind, actions: [{label, run}], busy}. */
  function notify(list) {
    notices.replaceChildren(
      ...list.map(({ text, kind = "info", actions = [], busy }) =>
        h(
          "div",
          { class: `wb-notice wb-notice-${kind}`, role: kind === "bad" ? "alert" : "status" },
          busy ? h("span", { class: "wb-spinner", "aria-hidden": "true" }) : null,
          h("span", { class: "wb-notice-text", text }),
          actions.map(({ label, run, name }) => button(label, run, { name })),
        ),
      ),
    );
  }

  /** Put the focus into the open tab. */
  function enter() {
    const first = panels[open].querySelector("button, input, [tabindex='0']");
    (first ?? tabs[open]).focus({ preventScroll: true });
  }

  return {
    element, show, update, notify, enter,
    get open() {
      return open;
    },
  };
}
