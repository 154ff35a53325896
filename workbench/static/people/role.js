// What whoever is signed in may do, as the header has told it. The server decides; this only tells.

import { t } from "/desk/texts.js";

const ROLES = ["viewer", "curator", "adjudicator", "admin"];
const root = document.documentElement;

/** Until the role is known nothing is held back: the server refuses what may not be. */
export const may = (role) => !root.dataset.role || ROLES.indexOf(root.dataset.role) >= ROLES.indexOf(role);

/** Why a decision is not to be had, empty where it is. */
export const whyNot = (role = "curator") => (may(role) ? "" : t("people.only_look", { role: t(`people.roles.${role}`) }));

/** Disable a button that only curators have, and say why; `hint` is what it says otherwise. */
export function holdBack(button, hint = "") {
  button.disabled = !may("curator");
  button.title = whyNot() || hint;
}

/** Hear of another role; returns the end of it. */
export function onRole(hear) {
  const watch = new MutationObserver(hear);
  watch.observe(root, { attributes: true, attributeFilter: ["data-role"] });
  return () => watch.disconnect();
}
