// The administrators' table of accounts, and the form for another.

import { h } from "/desk/cockpit/dom.js";
import { language, t } from "/desk/texts.js";
import * as api from "./api.js";
import { form, fresh, say, section } from "./forms.js";

const ROLES = ["viewer", "curator", "adjudicator", "admin"];
const choices = () => ROLES.map((role) => [role, t(`people.roles.${role}`)]);
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

/** The section; it shows changes in place and says each at its foot. */
export function accounts(people, me) {
  const status = h("p", { class: "wb-people-status", role: "status" });
  const rows = h("tbody", {});
  const heads = ["name", "role", "seen", "state", "acts"];
  const table = h(
    "table",
    { class: "wb-table wb-people-table" },
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col", text: t(`people.page.${head}`) })))),
    rows,
  );
  const view = { me, status, fill };

  async function fill(known = null, focus = null) {
    rows.replaceChildren(...(known ?? (await api.people())).map((person) => row(person, view)));
    if (focus) rows.querySelector(focus)?.focus();
  }

  fill(people);
  return section(
    t("people.page.all"),
    h("div", { class: "wb-people-scroll" }, table),
    status,
    h("h3", { text: t("people.page.add") }),
    adding(view),
  );
}

function row(person, view) {
  const { id, name } = person;
  const role = h(
    "select",
    { "aria-label": t("people.page.role_of", { name }), data: { role: id } },
    choices().map(([value, text]) => h("option", { value, text })),
  );
  role.value = person.role;
  role.addEventListener("change", () => {
    const told = t("people.page.now_role", { name, role: t(`people.roles.${role.value}`) });
    act(view, () => api.changePerson(id, { role: role.value }), told, `[data-role="${id}"]`);
  });
  const seen = person.seen_at ? moment.format(new Date(person.seen_at)) : t("people.page.never");
  const state = person.active ? "active" : "inactive";
  return h(
    "tr",
    { data: { person: name } },
    h("th", { scope: "row" }, name, person.elsewhere
      ? h("small", { text: ` ${t("people.page.elsewhere")}` }) : null),
    h("td", {}, role),
    h("td", { text: seen }),
    h("td", {}, h("span", { class: `wb-chip ${person.active ? "wb-ok" : "wb-skipped"}`,
      text: t(`people.page.${state}`) })),
    h("td", {}, h("div", { class: "wb-people-acts" }, letIn(person, view), reset(person, view))),
  );
}

function letIn({ id, name, active }, view) {
  const what = active ? "deactivate" : "activate";
  const told = t(active ? "people.page.now_inactive" : "people.page.now_active", { name });
  return h("button", {
    type: "button",
    text: t(`people.page.${what}`),
    "aria-label": t(`people.page.${what}_of`, { name }),
    data: { active: id },
    on: { click: () =>
      act(view, () => api.changePerson(id, { active: !active }), told, `[data-active="${id}"]`) },
  });
}

function reset({ id, name }, view) {
  const label = t("people.page.reset_of", { name });
  const open = () => {
    const close = () => dialog.remove();
    const cancel = h("button", { type: "button", text: t("people.page.cancel"), on: { click: close } });
    const dialog = h(
      "dialog",
      { class: "wb-out", "aria-label": label },
      h("h2", { text: label }),
      h("p", { text: t("people.page.reset_told", { name }) }),
      form({
        hiddenName: name,
        fields: fresh(),
        submit: t("people.page.save"),
        cancel,
        async run({ password }) {
          await api.changePerson(id, { password });
          close();
          say(view.status, t("people.page.now_reset", { name }));
        },
      }),
    );
    dialog.addEventListener("close", close);
    document.body.append(dialog);
    dialog.showModal();
  };
  return h("button", { type: "button", text: t("people.page.reset"), "aria-label": label, on: { click: open } });
}

function adding(view) {
  return form({
    fields: [
      { name: "name", label: t("people.page.name") },
      { name: "role", label: t("people.page.role"), value: "curator", options: choices() },
      { name: "password", label: t("people.page.password"), hint: t("people.page.length"),
        type: "password", autocomplete: "new-password" },
    ],
    submit: t("people.page.add_button"),
    async run(given) {
      const made = await api.addPerson(given);
      await view.fill();
      return t("people.page.added", { name: made.name, role: t(`people.roles.${made.role}`) });
    },
  });
}

/** Do it, show the accounts as they are now, and say what happened; the focus stays. */
async function act(view, run, told, focus) {
  try {
    const changed = await run();
    say(view.status, told);
    if (changed.id === view.me.id && changed.role !== "admin") return location.reload();
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    say(view.status, error.message, true);
  }
  await view.fill(null, focus).catch(() => null);
}
