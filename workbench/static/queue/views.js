// Saved views: choose one, save what is shown under a name, rename, share, delete.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import { ask } from "/desk/ask.js";
import { holdBack, may } from "/desk/people/role.js";
import { askIn, field } from "./dialog.js";
import { chosen, DEFAULTS } from "./state.js";

/** `now()` gives the filters, `use(filters)` sets them, `tell(text, kind)` says what happened. */
export function createViews(root, { now, use, tell }) {
  let views = [];
  const select = h("select", { class: "wb-q-select", "aria-label": t("queue.views"), data: { action: "views" }, on: { change: () => pick() } });
  const save = h("button", { type: "button", class: "wb-q-button", data: { action: "save-view" }, text: t("queue.save_view"), on: { click: () => edit(null) } });
  const change = h("button", { type: "button", class: "wb-q-button", data: { action: "edit-view" }, text: t("queue.edit_view"), hidden: true, on: { click: () => edit(current()) } });
  const element = h("div", { class: "wb-q-views" }, select, save, change);

  const current = () => views.find((view) => String(view.id) === select.value) ?? null;
  const flat = (filters) => ({ ...DEFAULTS, ...Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, String(value)])) });
  const same = (view, filters) => JSON.stringify(chosen(flat(view.filters))) === JSON.stringify(chosen(filters));

  function pick() {
    const view = current();
    if (view) use(flat(view.filters));
    show(now());
  }

  async function load() {
    ({ views } = await ask("/api/views"));
    show(now());
  }

  /** Mark the view that is shown, if what is shown is one. */
  function show(filters) {
    const at = views.find((view) => String(view.id) === select.value && same(view, filters)) ?? views.find((view) => same(view, filters));
    const options = (some) => some.map((view) => h("option", { value: view.id, text: view.mine ? view.name : `${view.name} (${view.owner})` }));
    const groups = [["queue.my_views", views.filter((view) => view.mine)], ["queue.shared_views", views.filter((view) => !view.mine)]];
    select.replaceChildren(
      h("option", { value: "", text: t(views.length ? "queue.no_view" : "queue.views") }),
      ...groups.filter(([, some]) => some.length).map(([label, some]) => h("optgroup", { label: t(label) }, options(some))),
    );
    select.value = at ? String(at.id) : "";
    select.disabled = !views.length;
    holdBack(save);
    change.hidden = !at?.mine || !may("curator");
  }

  async function edit(view) {
    const name = h("input", { type: "text", required: true, maxlength: 100, value: view?.name ?? "", class: "wb-q-input" });
    const shared = h("input", { type: "checkbox", checked: view?.shared ?? false });
    const answer = await askIn(root, {
      title: t(view ? "queue.edit_view" : "queue.save_view"),
      content: [field(t("queue.view_name"), name), field(t("queue.view_shared"), shared)],
      read: () => ({ name: name.value.trim(), shared: shared.checked }),
      yes: t("queue.save"),
      extra: view ? [[t("queue.delete_view"), "delete"]] : [],
    });
    if (answer === null) return;
    try {
      if (answer === "delete") await ask(`/api/views/${view.id}/delete`, { body: {} });
      else if (view) await ask(`/api/views/${view.id}`, { body: answer });
      else await ask("/api/views", { body: { ...answer, filters: typed(chosen(now())) } });
      tell(t(answer === "delete" ? "queue.view_deleted" : "queue.view_saved", { name: answer.name ?? view.name }));
      await load();
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  return { element, load, show };
}

/** The filters as the server keeps them: numbers and truth instead of text. */
function typed(filters) {
  const made = { ...filters };
  for (const name of ["least", "most"]) if (name in made) made[name] = Number(made[name]);
  if ("absent" in made) made.absent = true;
  if ("since" in made) made.since = `${made.since.slice(0, 10)}T00:00:00Z`;
  return made;
}
