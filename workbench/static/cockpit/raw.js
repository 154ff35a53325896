// The raw JSON tab: the funders as the cometadata array, checked while typing, applied when valid.

import { button, debounce, h } from "./dom.js";
import { jsonError } from "./json-place.js";
import { t } from "../texts.js";

export const pretty = (funders) => JSON.stringify(funders, null, 2);

/**
 * `hear` has check(funders, signal): promise of the server's answer, apply(funders), and
 * problem(exists): whether the text stands invalid and unapplied.
 */
export function createRaw(hear) {
  const input = h("textarea", {
    class: "wb-code",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": t("cockpit.raw.label"),
    "aria-describedby": "wb-raw-state",
    wrap: "off",
  });
  const state = h("div", { class: "wb-raw-state", id: "wb-raw-state", role: "status", "aria-live": "polite" });
  const element = h(
    "div",
    { class: "wb-raw" },
    h("p", { class: "wb-hint", text: t("cockpit.raw.hint") }),
    input,
    state,
  );
  let running = null;
  let written = "";
  const later = debounce(check, 250);
  input.addEventListener("input", () => {
    say("busy", t("cockpit.raw.checking"));
    hear.problem(true);
    later();
  });

  async function check() {
    running?.abort();
    const mine = (running = new AbortController());
    const text = input.value;
    const wrong = jsonError(text);
    if (wrong) {
      bad([syntax(wrong)]);
      return;
    }
    const funders = JSON.parse(text);
    if (!Array.isArray(funders)) {
      bad([h("li", { text: t("cockpit.raw.no_list") })]);
      return;
    }
    try {
      await hear.check(funders, mine.signal);
      if (mine.signal.aborted) return;
      written = text;
      hear.problem(false);
      input.setAttribute("aria-invalid", "false");
      say("ok", t("cockpit.raw.valid"));
      hear.apply(funders);
    } catch (error) {
      if (error.name === "AbortError" || mine.signal.aborted) return;
      if (error.name !== "ApiError") throw error;
      const told = error.body?.errors ?? [];
      bad(told.length ? told.map(shape) : [h("li", { text: error.message })]);
    }
  }

  function syntax({ message, line, column, at }) {
    const go = () => {
      input.focus();
      input.setSelectionRange(Math.max(0, at - 1), Math.min(input.value.length, at + 1));
    };
    return h(
      "li",
      {},
      h("span", { text: `${t("cockpit.raw.mistake", { line, column, message })} ` }),
      button(t("cockpit.raw.go"), go, { name: "goto-error" }),
    );
  }

  const shape = ({ path, message }) => h("li", {}, h("code", { text: path }), h("span", { text: ` ${message}` }));

  function bad(items) {
    input.setAttribute("aria-invalid", "true");
    state.className = "wb-raw-state wb-raw-bad";
    state.replaceChildren(h("ul", {}, items));
    hear.problem(true);
  }

  function say(kind, text) {
    state.className = `wb-raw-state wb-raw-${kind}`;
    state.textContent = text;
  }

  /** Show the draft's funders, unless they are what stands there already. */
  function show(funders) {
    const text = pretty(funders);
    if (document.activeElement === input || text === written) return;
    later.cancel();
    running?.abort();
    written = text;
    input.value = text;
    input.setAttribute("aria-invalid", "false");
    say("ok", "");
    hear.problem(false);
  }

  return {
    element, show, input,
    enter() {
      input.focus({ preventScroll: true });
      input.setSelectionRange(0, 0);
      input.scrollTop = 0;
    },
    /** Forget what was typed for another paper. */
    reset() {
      later.cancel();
      running?.abort();
      written = null;
    },
  };
}
