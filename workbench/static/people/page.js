// The People page: making the first account, one's own password, and everybody's accounts.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import * as api from "./api.js";
import { accounts } from "./accounts.js";
import { fresh, form, section } from "./forms.js";
import { tokenList } from "./tokens.js";

/** Show the page in the component, and anew whenever its tab is opened. */
export function host(element) {
  const place = h("div", { class: "wb-people-inside" });
  const put = () => {
    const slot = element.querySelector("[data-people]");
    if (slot && place.parentNode !== slot) slot.replaceChildren(place);
  };
  new IntersectionObserver((seen) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    put();
    if (!place.contains(document.activeElement)) show(place);
  }).observe(element);
  put();
}

async function show(place) {
  try {
    const me = await api.me();
    if (!me.accounts) return place.replaceChildren(first(me));
    const parts = me.role === "admin" ? [accounts(await api.people(), me)] : [];
    const { tokens } = await api.tokens();
    place.replaceChildren(...parts, programs(tokens), own(me));
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    place.replaceChildren(h("p", { class: "wb-people-problem", role: "alert", text: error.message }));
  }
}

function first(me) {
  return section(
    t("people.page.alone_title"),
    h("p", { text: t("people.page.alone") }),
    form({
      fields: [
        { name: "name", label: t("people.page.name"), value: me.name, autocomplete: "username" },
        ...fresh(),
      ],
      submit: t("people.page.make_first"),
      async run({ name, password }) {
        await api.addPerson({ name, password, role: "admin" });
        location.reload();
      },
    }),
  );
}

function programs(tokens) {
  return section(t("people.tokens.title"), h("p", { class: "wb-note", text: t("people.tokens.told") }), tokenList(tokens));
}

function own(me) {
  const current = {
    name: "current",
    label: t("people.page.current"),
    type: "password",
    autocomplete: "current-password",
  };
  const change = form({
    hiddenName: me.name,
    fields: [current, ...fresh()],
    submit: t("people.page.change"),
    async run(given) {
      await api.changePassword(given.current, given.password);
      return t("people.page.changed");
    },
  });
  return section(
    t("people.page.you"),
    h("p", { text: t("people.page.you_are", { name: me.name, role: t(`people.roles.${me.role}`) }) }),
    h("p", { class: "wb-note", text: t("people.page.roles_told") }),
    h("h3", { text: t("people.page.password_title") }),
    me.password ? change : h("p", { text: t("people.page.no_password") }),
    h("h3", { text: t("people.page.everywhere_title") }),
    form({
      note: t("people.page.everywhere_told"),
      fields: [],
      submit: t("people.page.everywhere"),
      async run() {
        await api.signOutEverywhere();
        location.assign("/sign-in");
      },
    }),
  );
}
