// Webhooks, for administrators: add, test, pause, remove, and what was sent. Hidden from others.

import { button, h } from "/desk/cockpit/dom.js";
import { ask } from "/desk/ask.js";
import { whileShown } from "/desk/shown.js";
import { language, t } from "/desk/texts.js";
import { toast } from "/desk/toasts.js";

const EVERY = 5000;
const say = (key, values) => t(`comfort.hooks.${key}`, values);

export function host(element) {
  const place = element.querySelector("[data-hooks]");
  if (!place || place.childElementCount) return;
  const list = h("ul", { class: "wb-hooks" });
  const secret = h("div", { class: "wb-secret", role: "status" });
  const state = { list, secret, form: null, last: "", open: null };
  const section = h("section", { "aria-label": say("title"), hidden: true },
    h("h3", { text: say("title") }), h("p", { class: "wb-note", text: say("lead") }), list, secret);
  place.append(section, h("span", { class: "wb-anchor" }));
  whileShown(place, () => look(state, section), EVERY);
}

async function look(state, section) {
  const found = await ask("/api/hooks").catch(() => null);
  section.hidden = found === null; // not an administrator
  if (!found) return;
  if (!state.form) section.append((state.form = form(found.events, state, section)));
  const sent = state.open && (await ask(`/api/hooks/${state.open}/deliveries`).catch(() => null));
  const told = JSON.stringify([found.hooks, sent]);
  if (told === state.last) return;
  state.last = told;
  const rows = found.hooks.map((hook) => row(hook, state, section, sent));
  state.list.replaceChildren(...(rows.length ? rows : [h("li", { class: "wb-note", text: say("none") })]));
}

function form(events, state, section) {
  const url = h("input", { type: "url", required: true, placeholder: "https://", id: "wb-hook-url" });
  const boxes = events.map((name) => h("input", { type: "checkbox", value: name, checked: true }));
  const send = async (event) => {
    event.preventDefault();
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    const made = await act(() => ask("/api/hooks", { body: { url: url.value, events: chosen } }));
    if (!made) return;
    url.value = "";
    tell(state.secret, made.secret);
    look(state, section);
  };
  return h(
    "form",
    { class: "wb-hook-form", on: { submit: send } },
    h("label", { for: "wb-hook-url", text: say("url") }),
    url,
    h("fieldset", {}, h("legend", { text: say("events") }),
      boxes.map((box) => h("label", {}, box, ` ${box.value}`))),
    h("button", { type: "submit", class: "wb-btn wb-plain", text: say("add") }),
  );
}

function tell(place, secret) {
  const code = h("code", { text: secret, tabindex: "0" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      toast(say("copied"));
    } catch {
      getSelection().selectAllChildren(code);
      toast(say("copy_failed"));
    }
  };
  place.replaceChildren(h("p", { text: say("secret") }), code, button(say("copy"), copy, { kind: "plain" }));
}

function row(hook, state, section, sent) {
  const again = async (run, done) => {
    if ((await act(run)) && done) toast(done);
    state.last = "";
    look(state, section);
  };
  const post = (path, body = {}) => () => ask(`/api/hooks/${hook.id}/${path}`, { body });
  const drop = button(say("remove"), () => {
    const label = drop.querySelector(".wb-label");
    if (label.textContent !== say("sure")) label.textContent = say("sure");
    else again(() => ask(`/api/hooks/${hook.id}`, { method: "DELETE" }), say("removed"));
  }, { kind: "plain" });
  const show = button(say("sent"), () => {
    state.open = state.open === hook.id ? null : hook.id;
    again(async () => true);
  }, { kind: "plain" });
  show.setAttribute("aria-expanded", String(state.open === hook.id));
  return h(
    "li",
    { class: "wb-hook", data: { hook: hook.id } },
    h("code", { text: hook.url }),
    h("span", { class: "wb-chip", text: say(hook.active ? "active" : "paused") }),
    h("span", { class: "wb-note", text: hook.events.join(", ") }),
    button(say("test"), () => again(post("test"), say("tested")), { kind: "plain" }),
    button(say(hook.active ? "pause" : "resume"), () => again(post("active", { active: !hook.active })), { kind: "plain" }),
    show,
    drop,
    state.open === hook.id && sent ? deliveries(sent.deliveries, again) : null,
  );
}

function deliveries(rows, again) {
  if (!rows.length) return h("p", { class: "wb-note", text: say("nothing_sent") });
  const time = (at) => new Date(at).toLocaleString(language);
  const line = (one) =>
    h(
      "li",
      { class: "wb-delivery" },
      h("span", { class: `wb-chip wb-${one.state === "done" ? "ok" : one.state === "failed" ? "failed" : "running"}`, text: say(one.state) }),
      ` ${one.event}, ${time(one.created_at)}, ${say("attempts", { n: one.attempts })}`,
      one.error ? h("span", { class: "wb-note", text: one.error }) : null,
      one.next_at && one.attempts ? h("span", { class: "wb-note", text: say("next", { time: time(one.next_at) }) }) : null,
      one.state === "failed"
        ? button(say("again"), () => again(() => ask(`/api/deliveries/${one.id}/again`, { body: {} })), { kind: "plain" })
        : null,
    );
  return h("ul", { class: "wb-deliveries" }, rows.map(line));
}

async function act(run) {
  try {
    return await run();
  } catch (error) {
    toast(error.message, { bad: true });
    return null;
  }
}
