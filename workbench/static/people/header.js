// Who is signed in, at the top right of every page, with the way out.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";
import { me, signOut } from "./api.js";
import { watchSignIn } from "./signed-out.js";

const place = h("header", { class: "wb-who", "aria-label": t("people.header.label") });

async function show() {
  const who = await me().catch(() => null);
  if (!who) return;
  document.documentElement.dataset.role = who.role;
  place.hidden = !who.accounts;
  document.documentElement.classList.toggle("wb-with-who", who.accounts);
  const name = h("span", { class: "wb-who-name", text: who.name });
  const role = h("span", { class: "wb-who-role", text: t(`people.roles.${who.role}`) });
  const out = h("button", { type: "button", text: t("people.header.sign_out"), on: { click: leave } });
  place.replaceChildren(name, role, out);
  // The tabs leave this much room.
  document.documentElement.style.setProperty("--wb-who-width", `${place.offsetWidth}px`);
}

async function leave() {
  // A draft on the page stays in the browser's own storage.
  await signOut().catch(() => null);
  location.assign("/sign-in");
}

function start() {
  document.body.prepend(place);
  watchSignIn(show);
  show();
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
