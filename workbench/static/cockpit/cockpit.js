// The review cockpit: makes its parts and lets each hear of the others.

import { createActions } from "./actions.js";
import { createApi } from "./api.js";
import { createCard } from "./card.js";
import { createClock } from "./clock.js";
import { createControls } from "./controls.js";
import { createDecisions } from "./decisions.js";
import { h } from "./dom.js";
import { replaceFunders } from "./draft.js";
import { createForm } from "./form.js";
import { createFind } from "./find.js";
import { createHeader } from "./header.js";
import { createHelp } from "./help.js";
import { createHistory } from "./history.js";
import { createHover } from "./hover.js";
import { createKeyboard } from "./keyboard.js";
import { createLease } from "./lease.js";
import { createSplit, fillHeight } from "./layout.js";
import { createMenu } from "./menu.js";
import { createOpening } from "./opening.js";
import { createPace } from "./pace.js";
import { createPanel } from "./panel.js";
import { createDocs } from "./pdf-docs.js";
import { createPdfPane } from "./pdf-pane.js";
import { createPrefetch } from "./prefetch.js";
import { createRaw } from "./raw.js";
import { createSaveState } from "./save-state.js";
import { createScreen } from "./screen.js";
import { prune } from "./storage.js";
import { createTalk } from "./talk.js";
import { createTextPane } from "./text-pane.js";
import { createToasts } from "./toast.js";
import { createTrail } from "./trail.js";
import { onRole } from "../people/role.js";
import { t } from "../texts.js";

/**
 * Show the cockpit in `element`. `onOpen(recordId)` hears which paper is shown, `onChange(summary)`
 * how it stands: {recordId, status, head, dirty, absent, position}.
 */
export function mount(element, { recordId = null, filters = {}, onOpen, onChange } = {}) {
  const ctx = make(element, filters ?? {}, { onOpen, onChange });
  const stop = listen(ctx);
  prune();
  ctx.decisions.outbox.resume();
  if (recordId !== null) ctx.opening.open(recordId);
  return {
    open: (id, next = ctx.filters) => reopen(ctx, id, next ?? {}),
    destroy() {
      stop();
      ctx.lease.destroy();
      const { opening, keyboard, decisions, menu, help, toasts, clock, prefetch, hover, pace, panes, docs, root } = ctx;
      for (const part of [opening, keyboard, decisions, menu, help, toasts, clock, prefetch, hover, pace]) part.destroy();
      panes.pdf.destroy();
      panes.text?.destroy();
      docs.destroy();
      root.remove();
    },
  };
}

/** Show another paper, or tell of new filters; the open paper's edits stay. */
function reopen(ctx, id, filters) {
  ctx.filters = filters;
  return ctx.review?.id === id ? ctx.opening.renew() : ctx.opening.open(id);
}

/** The parts, in one context through which they reach each other. */
function make(element, filters, { onOpen, onChange }) {
  const root = h("div", { class: "wb-cockpit", role: "region", "aria-label": t("cockpit.label") });
  element.replaceChildren(root);
  const api = createApi();
  const docs = createDocs(api);
  const ctx = { root, api, docs, filters, onOpen, onChange, review: null, wasEditing: null, rawWrong: false };
  ctx.toasts = createToasts(root);
  ctx.trail = createTrail();
  ctx.lease = createLease(ctx);
  ctx.clock = createClock();
  ctx.pace = createPace(api);
  ctx.saveState = createSaveState((id) => ctx.opening.open(id));
  ctx.prefetch = createPrefetch(ctx);
  ctx.screen = createScreen(ctx);
  ctx.decisions = createDecisions(ctx);
  ctx.opening = createOpening(ctx);
  ctx.actions = createActions(ctx);
  ctx.controls = createControls(ctx);
  ctx.find = createFind(ctx);
  ctx.talk = createTalk(ctx);
  makeLeft(ctx);
  makeRight(ctx);
  const run = (action) => () => ctx.controls.run(action);
  ctx.card = createCard(root);
  ctx.header = createHeader({
    accept: run("accept"), noFunding: run("noFunding"), skip: run("skip"), flag: run("flag"),
    undo: run("undo"), previous: run("previous"), next: run("next"), help: run("help"),
  }, [ctx.saveState.element, ctx.pace.element], ctx.card.element);
  ctx.split = createSplit(ctx.panes.pdf.element, ctx.panel.element);
  ctx.help = createHelp(root);
  root.prepend(ctx.header.element, ctx.split.element);
  ctx.keyboard = createKeyboard(root, {
    run: ctx.controls.run,
    known: ctx.controls.known,
    finding: ctx.find.key,
    leave: ctx.controls.leave,
    choose: ctx.controls.chooseAt,
    selecting: ctx.controls.selecting,
  });
  ctx.hover = createHover(ctx);
  return ctx;
}

function makeLeft(ctx) {
  const { api, docs, controls } = ctx;
  const hear = { pick: controls.pick, select: (selection) => ctx.menu.show(selection) };
  ctx.panes = { pdf: createPdfPane({ api, docs, hear }), text: null };
  ctx.textPane = () => createTextPane({ api, hear });
  ctx.pane = ctx.panes.pdf;
  ctx.menu = createMenu(ctx.root, {
    choose: controls.choose,
    hint: (kind) => (ctx.review ? ctx.actions.plan(kind, ctx.menu.selection).hint : ""),
  });
}

function makeRight(ctx) {
  ctx.form = createForm({ ...ctx.actions.form, select: ctx.controls.selected });
  ctx.history = createHistory(ctx);
  ctx.raw = createRaw({
    check(funders, signal) {
      const { statements } = ctx.review.draft.send().answer;
      return ctx.api.ground(ctx.review.id, { statements, funders }, signal);
    },
    apply: (funders) => ctx.review?.change(replaceFunders(funders), "raw"),
    problem: (exists) => (ctx.rawWrong = exists),
  });
  const views = { form: ctx.form.element, raw: ctx.raw.element, history: ctx.history.element };
  ctx.panel = createPanel(views, (name) => tabShown(ctx, name));
}

function tabShown(ctx, name) {
  if (name === "raw") ctx.screen.showRaw();
  if (name === "history") ctx.history.load();
  if (name === "raw" || !ctx.rawWrong) return;
  ctx.raw.reset();
  ctx.rawWrong = false;
  ctx.toasts.show(t("cockpit.raw.unchanged"), { kind: "warn", id: "raw" });
}

/** The window around the cockpit: its size, its end, and where the mouse goes from a field. */
function listen(ctx) {
  const down = (event) => {
    ctx.wasEditing = event.target.closest?.(".wb-pane") ? ctx.form.editing : null;
  };
  const hide = () => ctx.review?.keep.flush();
  const unfit = fillHeight(ctx.root);
  ctx.root.addEventListener("pointerdown", down, true);
  addEventListener("pagehide", hide);
  const unhear = onRole(ctx.screen.roleChanged);
  return () => {
    unhear();
    unfit();
    ctx.root.removeEventListener("pointerdown", down, true);
    removeEventListener("pagehide", hide);
  };
}
