// What the keys and buttons of the cockpit do.

import { KINDS } from "./menu.js";
import { may, whyNot } from "../people/role.js";
import { t } from "../texts.js";

const DECIDING = ["accept", "noFunding", "skip", "flag", "comment", "commentPaper"];

/** `ctx` has review, form, panel, pane, menu, raw, help, actions, decisions, opening, toasts. */
export function createControls(ctx) {
  const views = {
    accept: () => ctx.decisions.accept(),
    noFunding: () => ctx.decisions.noFunding(),
    skip: () => ctx.decisions.skip(),
    flag: () => ctx.decisions.flag(),
    undo: () => ctx.actions.keyed.undo() || held() || ctx.decisions.undo(),
    next: () => go("next", t("cockpit.last")),
    previous: () => go("previous", t("cockpit.first")),
    raw: toggleRaw,
    history: () => toggle("history"),
    reply: () => toggle("reply"),
    find: () => Boolean(ctx.review) && (ctx.find.open(), true),
    gotoPage: () => ctx.pane.askPage?.() ?? false,
    comment: () => ctx.talk.onValue(ctx.actions.selected()),
    commentPaper: () => ctx.talk.onPaper(),
    help: () => ctx.help.open(),
    leave: leaveAll,
    scrollDown: () => ctx.pane.scrollBy(0.6),
    scrollUp: () => ctx.pane.scrollBy(-0.6),
    zoomIn: () => ctx.pane.zoom(1),
    zoomOut: () => ctx.pane.zoom(-1),
    fit: () => ctx.pane.fit(),
  };

  /** Do an action of the keyboard map; false when there was nothing to do. */
  function run(action) {
    if (DECIDING.includes(action) && held()) return true;
    if (views[action]) return views[action]();
    if (!ctx.review) return false;
    if (ctx.panel.open !== "form") ctx.panel.show("form");
    return ctx.actions.keyed[action]();
  }

  /** Whether the person may only look; they are told. */
  function held() {
    if (may("curator")) return false;
    ctx.toasts.show(whyNot(), { id: "role", kind: "warn" });
    return true;
  }

  function go(where, end) {
    const id = ctx.opening.beside(where);
    if (id === null) return ctx.toasts.show(end, { id: "edge" });
    if (where === "previous") ctx.trail.before(id);
    return ctx.opening.open(id);
  }

  function toggleRaw() {
    const open = ctx.panel.open === "raw";
    ctx.panel.show(open ? "form" : "raw");
    if (open) focusField();
    else ctx.raw.enter();
  }

  function toggle(name) {
    const open = ctx.panel.open === name;
    ctx.panel.show(open ? "form" : name);
    if (open) focusField();
    else ctx.panel.enter();
  }

  /** Escape outside an input: drop the selected words, else go back to the form. */
  function leaveAll() {
    if (ctx.find.close()) ctx.pane.selection.clear();
    else if (ctx.menu.selection) ctx.pane.selection.clear();
    else if (ctx.panel.open !== "form") ctx.panel.show("form");
    else return false;
    return true;
  }

  /** Escape in an input. */
  function leave(target) {
    const key = target.closest(".wb-field")?.dataset.key;
    if (key) return ctx.actions.leave(key);
    if (ctx.find.has(target)) return ctx.find.close();
    if (target === ctx.raw.input) ctx.panel.show("form");
    target.blur();
    focusField();
    return true;
  }

  function focusField() {
    const key = ctx.review?.selected;
    if (key) ctx.form.select(key);
  }

  /** Use the selected words of the page as a kind of field. */
  function choose(kind, force) {
    const { selection } = ctx.menu;
    if (!selection || !ctx.review) return;
    ctx.pane.selection.clear();
    ctx.find.close({ focus: false });
    ctx.panel.show("form");
    ctx.actions.use(kind, selection, force);
  }

  /** A highlight of the page was clicked: its place is under the pointer, so do not scroll. */
  function pick(key) {
    if (!ctx.review) return;
    ctx.panel.show("form");
    ctx.review.selected = key;
    ctx.form.select(key);
  }

  /** A field was selected or is being edited: its place on the page glows. */
  function selected(key, { editing = false } = {}) {
    if (!ctx.review) return;
    const moved = ctx.review.selected !== key;
    ctx.review.selected = key;
    ctx.pane.focus(key, { scroll: moved || !editing });
  }

  return {
    run, leave, choose, pick, selected, focusField,
    known: [...Object.keys(views), ...Object.keys(ctx.actions.keyed).filter((name) => name !== "undo")],
    /** By a digit: of what is selected when the keys before it are done. */
    async chooseAt(index, force) {
      await ctx.find.settled();
      ctx.pane.selection.now();
      choose(KINDS[index], force);
    },
    selecting: () => Boolean(ctx.menu.selection) || ctx.find.busy,
  };
}
