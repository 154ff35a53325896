// The organisation that a funder means: shown, chosen by type-ahead, or said to be none.

import { button, debounce, h } from "./dom.js";
import { reason } from "./link-reasons.js";
import { t } from "../texts.js";

let lists = 0;

/** The link that holds, of a draft's own and the one made by itself: {link, how} or null. */
export function linkShown(mine, facts) {
  if (mine) return { link: mine, how: mine.method === "import" ? "import" : "curator" };
  return facts?.automatic ? { link: facts.automatic, how: "automatic" } : null;
}

/**
 * The row of a funder's organisation. `hear` has link(funderId, link or null) and
 * findFunders(text, signal): promise of {items}.
 */
export function createLink(funderId, hear) {
  const id = `wb-orgs-${(lists += 1)}`;
  const shown = h("span", { class: "wb-org-shown" });
  const opener = button(t("linking.organisation"), () => toggle(), { kind: "ghost", name: "link", key: "l" });
  opener.setAttribute("aria-expanded", "false");
  const input = h("input", {
    class: "wb-org-input",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": t("linking.find"),
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": id,
    placeholder: t("linking.placeholder"),
  });
  const list = h("ul", { class: "wb-org-list", id, role: "listbox", "aria-label": t("linking.organisations") });
  const said = h("p", { class: "wb-org-said", role: "status" });
  const box = h("div", { class: "wb-org-box", hidden: true }, input, list, said);
  const element = h("div", { class: "wb-org", data: { link: funderId } }, shown, opener, box);

  let facts = null; // what the server told of the funder's name
  let mine = null;
  let options = []; // {run, node}
  let at = -1;
  let running = null;
  const later = debounce(find, 120);

  input.addEventListener("input", () => later());
  input.addEventListener("keydown", typed);
  box.addEventListener("focusout", (event) => {
    if (!element.contains(event.relatedTarget)) close();
  });

  function typed(event) {
    if (event.isComposing) return;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves) move(moves[event.key]);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) options[Math.max(0, at)]?.run();
    else if (event.key === "Escape") close(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function move(by) {
    if (!options.length) return;
    mark((at + by + options.length) % options.length);
  }

  function mark(index) {
    at = index;
    options.forEach(({ node }, i) => node.setAttribute("aria-selected", String(i === at)));
    const node = options[at]?.node;
    if (node) input.setAttribute("aria-activedescendant", node.id);
    else input.removeAttribute("aria-activedescendant");
    node?.scrollIntoView({ block: "nearest" });
  }

  function toggle() {
    if (box.hidden) open();
    else close(true);
  }

  function open() {
    box.hidden = false;
    expanded(true);
    input.value = "";
    offer(facts?.candidates ?? []);
    input.focus();
    element.scrollIntoView({ block: "nearest" });
  }

  function close(back = false) {
    if (box.hidden) return;
    later.cancel();
    running?.abort();
    box.hidden = true;
    expanded(false);
    if (back) opener.focus();
  }

  function expanded(on) {
    for (const part of [opener, input]) part.setAttribute("aria-expanded", String(on));
  }

  async function find() {
    running?.abort();
    const text = input.value.trim();
    if (!text) {
      offer(facts?.candidates ?? []);
      return;
    }
    running = new AbortController();
    try {
      const { items } = await hear.findFunders(text, running.signal);
      offer(items);
      if (!items.length) say(t("linking.nothing_found"));
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.name !== "ApiError") throw error;
      offer([]);
      say(error.message);
    }
  }

  /** Fill the list: organisations, then what can be said besides. */
  function offer(items) {
    options = items.map((item) => choice(item, () => choose(item)));
    options.push(saying(t("linking.none_of_these"), () => decide({ ror: null, funder_id: null, name: "", method: "curator" })));
    if (mine) options.push(saying(t("linking.take_back"), () => decide(null)));
    options.forEach(({ node }, i) => (node.id = `${id}-${i}`));
    list.replaceChildren(...options.map(({ node }) => node));
    say(items.length ? t("linking.found", { n: items.length }) : "");
    mark(items.length ? 0 : -1);
  }

  const say = (text) => (said.textContent = text);

  function choice(item, run) {
    const why = item.reasons?.length ? item.reasons.map(reason).join(", ") : item.matched;
    return option(run, [
      h("span", { class: "wb-org-name", text: item.name || t("linking.unnamed") }),
      item.score ? h("span", { class: "wb-org-score", text: t("linking.score", { share: Math.round(item.score * 100) }) }) : null,
      h("span", { class: "wb-org-where", text: [item.city, item.country].filter(Boolean).join(", ") }),
      item.status && item.status !== "active" ? h("span", { class: "wb-org-gone", text: t(`linking.status.${item.status}`) }) : null,
      h("span", { class: "wb-org-why", text: why ?? "" }),
    ]);
  }

  const saying = (text, run) => option(run, [h("span", { text })], "wb-org-saying");

  function option(run, children, extra = "") {
    // The focus stays in the input, as a combobox wants it.
    const hold = (event) => event.preventDefault();
    const node = h("li", { class: `wb-org-option ${extra}`, role: "option", "aria-selected": "false", on: { pointerdown: hold, click: run } }, children.filter(Boolean));
    return { node, run };
  }

  const choose = ({ ror, funder_id, name }) => decide({ ror, funder_id: funder_id ?? null, name, method: "curator" });

  function decide(link) {
    close(true);
    hear.link(funderId, link);
  }

  function update(own, told) {
    mine = own;
    facts = told;
    const found = linkShown(own, told);
    element.classList.toggle("wb-org-linked", Boolean(found?.link.ror));
    shown.replaceChildren(...(found ? tell(found) : []), ...disputes());
    const label = found ? t("linking.change") : t("linking.organisation");
    opener.querySelector(".wb-label").textContent = label;
  }

  function tell({ link, how }) {
    const mark = how === "curator" ? [] : [h("span", { class: "wb-org-how", text: t(`linking.${how}`) })];
    if (!link.ror && !link.funder_id) return [h("span", { class: "wb-org-none", text: t("linking.none") }), ...mark];
    const country = facts?.candidates?.find((each) => each.ror === link.ror)?.country ?? facts?.country ?? "";
    return [
      h("span", { class: "wb-org-name", text: link.name || t("linking.unnamed") }),
      country ? h("span", { class: "wb-org-where", text: country }) : null,
      h("code", { class: "wb-org-id", title: link.ror ?? link.funder_id, text: (link.ror ?? link.funder_id).replace("https://", "") }),
      ...mark,
    ].filter(Boolean);
  }

  /** What colleagues said differently of this name. */
  function disputes() {
    const known = (facts?.learned ?? []).filter((each) => Object.keys(each.confirmed).length);
    if (known.length < 2) return [];
    const each = known.map(({ organisation, confirmed }) => `${organisation || t("linking.none")}: ${Object.keys(confirmed).join(", ")}`);
    return [h("span", { class: "wb-org-dispute", text: t("linking.differ", { said: each.join("; ") }) })];
  }

  return { element, update, open };
}
