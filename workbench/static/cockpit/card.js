// The DOI and the licence of the paper, in the head: read, followed on a click, corrected.

import { ask } from "../ask.js";
import { button, h } from "./dom.js";
import { t } from "../texts.js";

const FORM = /^(?:(?:https?:\/\/)?(?:dx\.|www\.)?doi\.org\/|doi\s*:\s*)?10\.\d{4,9}\/\S+$/i;
let dialogs = 0;

/** `root` holds the dialog. */
export function createCard(root) {
  const doi = h("span", { class: "wb-card-doi" });
  const license = h("span", { class: "wb-card-license" });
  const edit = button(t("linking.card.edit_short"), () => open(), { kind: "ghost", name: "card" });
  const element = h("span", { class: "wb-card" }, doi, license, edit);
  let paper = null;

  /** Show a paper's card; one that is shown already keeps its elements, and so the focus. */
  function update(about) {
    if (about === paper) return;
    paper = about;
    draw();
  }

  function draw() {
    const { card } = paper;
    edit.hidden = !card;
    doi.replaceChildren(...(card?.doi ? [outside(`https://doi.org/${address(card.doi)}`, card.doi)] : []));
    license.replaceChildren(...(card?.license ? [isAddress(card.license) ? outside(card.license, shortened(card.license)) : card.license] : []));
    const known = card?.doi || card?.license;
    edit.querySelector(".wb-label").textContent = t(known ? "linking.card.edit_short" : "linking.card.add");
    edit.setAttribute("aria-label", t(known ? "linking.card.edit" : "linking.card.add"));
    doi.title = [card?.doi, said("doi")].filter(Boolean).join(", ");
    license.title = [t("linking.card.license"), card?.license, said("license")].filter(Boolean).join(", ");
  }

  /** Who corrected a fact, and when. */
  function said(name) {
    const found = paper.card?.people?.[name];
    if (!found) return "";
    const when = new Date(found.at).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
    return t("linking.card.corrected", { person: found.person, when });
  }

  async function open() {
    const about = paper;
    const sent = await askCard(root, about, [said("doi"), said("license")]);
    if (!sent) return;
    about.card = sent;
    if (paper === about) draw();
    edit.focus();
  }

  return { element, update };
}

/** Resolves to the card as it was kept, or null when it was called off. */
function askCard(root, paper, said) {
  return new Promise((resolve) => {
    dialogs += 1;
    const doi = line("doi", paper.card.doi, "10.1234/abc", said[0]);
    const license = line("license", paper.card.license, "CC-BY-4.0", said[1]);
    const wrong = h("p", { class: "wb-card-wrong", role: "alert", id: `wb-card-wrong-${dialogs}` });
    doi.input.setAttribute("aria-describedby", wrong.id);
    const form = h("form", { method: "dialog", novalidate: true },
      h("h2", { text: t("linking.card.title") }), doi.element, license.element, wrong,
      h("div", { class: "wb-dialog-foot" },
        button(t("review.cancel"), () => dialog.close(), { kind: "plain", name: "cancel" }),
        h("button", { type: "submit", class: "wb-btn wb-primary", data: { action: "confirm" } }, h("span", { class: "wb-label", text: t("linking.card.save") })),
      ),
    );
    const dialog = h("dialog", { class: "wb-dialog wb-small wb-card-dialog", "aria-label": t("linking.card.title") }, form);
    const refuse = (text) => {
      wrong.textContent = text;
      doi.input.setAttribute("aria-invalid", "true");
      doi.input.focus();
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const value = doi.input.value.trim();
      if (value && !FORM.test(value)) return refuse(t("linking.card.no_doi", { value }));
      try {
        const body = { doi: value || null, license: license.input.value.trim() || null };
        resolve(await ask(`/api/documents/${paper.sha256}`, { body, method: "PATCH" }));
        dialog.close();
      } catch (error) {
        if (error.name !== "Refused") throw error;
        refuse(error.message);
      }
    });
    dialog.addEventListener("close", () => {
      resolve(null);
      dialog.remove();
    });
    root.append(dialog);
    dialog.showModal();
    doi.input.focus();
  });
}

function line(name, value, example, said) {
  const id = `wb-card-${name}-${dialogs}`;
  const input = h("input", { class: "wb-ask", id, name, type: "text", maxlength: name === "doi" ? "300" : "200", autocomplete: "off", spellcheck: "false", placeholder: example });
  input.value = value ?? "";
  const element = h("p", { class: "wb-card-line" }, h("label", { for: id, text: t(`linking.card.${name}`) }), input, said ? h("span", { class: "wb-card-said", text: said }) : null);
  return { element, input };
}

/** A link that is only followed when somebody clicks it, and tells the other site nothing. */
const outside = (href, text) => h("a", { href, text, rel: "noreferrer", target: "_blank" });
const address = (doi) => doi.split("/").map(encodeURIComponent).join("/");
const isAddress = (text) => /^https:\/\/\S+$/.test(text);

/** A licence's address in few words: "CC BY 4.0". */
function shortened(text) {
  const common = /creativecommons\.org\/licenses\/([a-z-]+)\/(\d\.\d)/.exec(text);
  return common ? ["CC", common[1].toUpperCase(), common[2]].join(" ") : text.replace(/^https:\/\/(?:www\.)?/, "").replace(/\/$/, "");
}
