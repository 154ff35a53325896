// Notices that a sign-in has ended, whichever part of the page asked, and says so over all of it.

import { h } from "/desk/cockpit/dom.js";
import { t } from "/desk/texts.js";

const ask = window.fetch.bind(window);
let dialog = null;

/**
 * Watch every request of the page for a 401; `back` runs when the person is signed in again, and
 * when they come back to the page: somebody else may have signed in in another tab.
 */
export function watchSignIn(back) {
  window.fetch = async (...given) => {
    const response = await ask(...given);
    if (response.status !== 401 || !isOurs(response.url)) return response;
    show(back);
    // Gradio asks every second and tells each refusal: the dialog says it once. The cockpit's own
    // requests get their answer, and keep what they wanted to send.
    return isGradio(response.url) ? new Promise(() => {}) : response;
  };
  addEventListener("focus", () => (dialog ? look(back) : back()));
}

function isOurs(url) {
  return new URL(url, location.href).origin === location.origin;
}

function isGradio(url) {
  return new URL(url, location.href).pathname.startsWith("/gradio_api/queue/join");
}

function show(back) {
  if (dialog) return;
  const here = location.pathname + location.search;
  const status = h("p", { class: "wb-out-status", role: "status" });
  dialog = h(
    "dialog",
    { class: "wb-out", "aria-labelledby": "wb-out-title" },
    h("h2", { id: "wb-out-title", text: t("people.out.title") }),
    h("p", { text: t("people.out.told") }),
    h(
      "p",
      { class: "wb-out-acts" },
      h("a", {
        class: "wb-main",
        href: `/sign-in?next=${encodeURIComponent(here)}`,
        target: "_blank",
        rel: "noopener",
        text: t("people.out.sign_in"),
      }),
      h("button", { type: "button", text: t("people.out.again"), on: { click: () => look(back, status) } }),
    ),
    status,
  );
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
}

/** Close the dialog if the person is signed in again. */
async function look(back, status = null) {
  const response = await ask("/api/me", { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response?.ok) {
    if (status) status.textContent = t("people.out.not_yet");
    return;
  }
  dialog?.remove();
  dialog = null;
  back();
}
