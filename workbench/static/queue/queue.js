// The queue: asks for a page of papers, shows it, and lets its parts hear of each other.

import { h } from "/desk/cockpit/dom.js";
import { createToasts } from "/desk/cockpit/toast.js";
import { t } from "/desk/texts.js";
import { ask } from "/desk/ask.js";
import { holdBack } from "/desk/people/role.js";
import { createBulk } from "./bulk.js";
import { emptyState } from "./empty.js";
import { createFilters } from "./filters.js";
import { createKeys } from "./keys.js";
import { onPulse } from "./pulse.js";
import { createSelection } from "./selection.js";
import { chosen, DEFAULTS, fromHash, query, toHash } from "./state.js";
import { createTable } from "./table.js";
import { createViews } from "./views.js";

const SIZE = 100;

export function mountQueue(place, openPaper) {
  const root = h("section", { class: "wb-q", "aria-label": t("queue.title") });
  const ctx = { root, openPaper, ...fromHash(), shown: null, options: null, stamp: null, turn: 0 };
  place.replaceChildren(root);
  ctx.toasts = createToasts(root);
  ctx.selection = createSelection(() => {
    ctx.table.mark();
    ctx.bulk.show();
  });
  const items = () => ctx.table.items();
  ctx.table = createTable(ctx.selection, {
    open: (record) => openPaper({ record, filters: chosen(ctx.filters) }),
    toggle: (id, on, range) => ctx.selection.toggle(items(), id, on, range),
    all: (on) => ctx.selection.all(items(), on),
  });
  ctx.filters_view = createFilters((part) => choose(ctx, part));
  ctx.views = createViews(root, {
    now: () => ctx.filters,
    use: (filters) => choose(ctx, { ...DEFAULTS, ...filters }),
    tell: (text, kind = "ok") => ctx.toasts.show(text, { kind, id: "views" }),
  });
  ctx.bulk = createBulk(root, { selection: ctx.selection, toasts: ctx.toasts, options: () => ctx.options, reload: (left) => load(ctx, left) });
  lay(ctx);
  listen(ctx);
  load(ctx);
  offer(ctx);
}

function lay(ctx) {
  const step = (by, name) => h("button", { type: "button", class: "wb-q-button", text: t(`queue.${name}`), data: { action: name }, on: { click: () => turnTo(ctx, ctx.page + by) } });
  ctx.bar = h("div", { class: "wb-progress", role: "img" }, h("span"));
  ctx.note = h("p", { class: "wb-q-range", role: "status" });
  ctx.previous = step(-1, "previous");
  ctx.next = step(1, "next");
  ctx.refresh = h("button", { type: "button", class: "wb-q-button", text: t("queue.refresh"), data: { action: "refresh" }, on: { click: () => judge(ctx) } });
  ctx.space = h("div", { class: "wb-q-space" });
  ctx.foot = h("div", { class: "wb-q-foot" }, ctx.note, ctx.previous, ctx.next, ctx.refresh);
  const { bar, status, panel } = ctx.filters_view;
  bar.append(ctx.views.element);
  ctx.root.prepend(ctx.bar, status, bar, panel, ctx.bulk.left, h("div", { class: "wb-q-scroll" }, ctx.table.element), ctx.space, ctx.foot, ctx.bulk.element);
}

function listen(ctx) {
  const { table, selection, bulk } = ctx;
  const here = () => table.items().find((item) => item.id === table.current());
  createKeys(ctx.root, {
    next: () => table.move(1),
    previous: () => table.move(-1),
    select: () => (here() ? selection.toggle(table.items(), here().id, !selection.has(here().id)) : false),
    open: () => (here() ? ctx.openPaper({ record: here().id, filters: chosen(ctx.filters) }) : false),
    accept: () => void bulk.run("accept"),
    undo: () => void bulk.undo(),
    clear: () => selection.clear(),
    search: () => ctx.filters_view.search.focus(),
  });
  addEventListener("hashchange", () => {
    const wanted = fromHash();
    if (JSON.stringify(wanted) === JSON.stringify({ filters: ctx.filters, page: ctx.page })) return;
    Object.assign(ctx, wanted);
    load(ctx);
  });
  const seen = () => ctx.root.isConnected && ctx.root.offsetParent !== null;
  onPulse(seen, ({ stamp }) => {
    // The first stamp too: something may have come since the page was first asked for.
    if (stamp !== ctx.stamp) load(ctx);
    ctx.stamp = stamp;
    if (ctx.lost) ctx.toasts.dismiss("lost");
    ctx.lost = false;
  }, (error) => {
    if (!ctx.lost) ctx.toasts.show(error.message, { kind: "bad", id: "lost", stay: true });
    ctx.lost = true;
  });
}

/** Other filters: the first page of them; what was selected under the old ones is left. */
function choose(ctx, part) {
  const filters = { ...ctx.filters, ...part };
  if (JSON.stringify(filters) === JSON.stringify(ctx.filters)) return;
  ctx.filters = filters;
  ctx.page = 1;
  ctx.selection.clear();
  toHash(ctx);
  load(ctx);
}

function turnTo(ctx, page) {
  ctx.page = Math.max(1, page);
  toHash(ctx);
  load(ctx);
}

/** Ask for the page and show it; `left` are papers whose new state the curator now sees. */
async function load(ctx, left = new Set()) {
  const mine = (ctx.turn += 1);
  try {
    const found = await ask(`/api/records?${query(ctx, SIZE)}`);
    if (mine !== ctx.turn) return;
    const last = Math.max(1, Math.ceil(found.total / SIZE));
    if (ctx.page > last) return void turnTo(ctx, last);
    show(ctx, found, left);
  } catch (error) {
    if (error.name !== "Refused") throw error;
    if (mine === ctx.turn) ctx.toasts.show(error.message, { kind: "bad", id: "load", stay: true });
  }
}

function show(ctx, found, left) {
  const { items, total, counts } = found;
  ctx.table.show(items);
  ctx.selection.renew(items, left);
  ctx.filters_view.show(ctx.filters, counts);
  ctx.views.show(ctx.filters);
  ctx.bulk.show();
  if (!ctx.judging) holdBack(ctx.refresh, t("queue.refresh_hint"));
  showProgress(ctx, counts);
  const first = (ctx.page - 1) * SIZE + 1;
  ctx.table.element.hidden = !items.length;
  ctx.foot.hidden = !items.length;
  ctx.note.className = items.length ? "wb-note wb-q-range" : "wb-q-range";
  const number = (value) => value.toLocaleString();
  ctx.note.textContent = items.length ? t("queue.range", { first: number(first), last: number(first + items.length - 1), total: number(total) }) : "";
  ctx.previous.hidden = ctx.next.hidden = total <= SIZE;
  ctx.previous.disabled = ctx.page <= 1;
  ctx.next.disabled = ctx.page * SIZE >= total;
  const { sort, ...narrowing } = chosen(ctx.filters);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const state = { filtered: Object.keys(narrowing).length > 0, status: ctx.filters.status, all, clear: () => choose(ctx, { ...DEFAULTS, sort: ctx.filters.sort }), showAll: () => choose(ctx, { status: "" }) };
  ctx.space.replaceChildren(...(items.length ? [] : [emptyState(state)]));
}

function showProgress(ctx, counts) {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const done = all - (counts.proposed ?? 0);
  ctx.bar.firstChild.style.width = `${all ? (100 * done) / all : 0}%`;
  ctx.bar.setAttribute("aria-label", t("queue.decided", { done, all }));
  ctx.bar.title = t("queue.decided", { done, all });
  ctx.bar.hidden = !all;
}

/** What there is to choose from; asked again now and then, as people and projects come. */
async function offer(ctx) {
  try {
    ctx.options = await ask("/api/queue/options");
    ctx.filters_view.offer(ctx.options);
    await ctx.views.load();
    ctx.bulk.show();
  } catch (error) {
    if (error.name !== "Refused") throw error;
  }
  setTimeout(() => offer(ctx), 60_000);
}

async function judge(ctx) {
  ctx.judging = ctx.refresh.disabled = true;
  try {
    const { papers } = await ask("/api/queue/refresh", { body: {} });
    ctx.toasts.show(t("queue.refreshed", { n: papers }), { id: "refresh" });
    await load(ctx);
  } catch (error) {
    if (error.name !== "Refused") throw error;
    ctx.toasts.show(error.message, { kind: "bad", id: "refresh", stay: true });
  } finally {
    ctx.judging = false;
    holdBack(ctx.refresh, t("queue.refresh_hint"));
  }
}
