// Says to others that this paper is open here, and tells who has it open elsewhere. It never blocks.

import { t } from "/desk/texts.js";

const RENEW_MS = 45_000;

/** `ctx` has toasts and onOpen; papers are told to `opened(id)`, and null when none is open. */
export function createLease(ctx) {
  let held = null;
  let timer = 0;
  let mine = true;

  const post = (id, path, body, keepalive = false) =>
    fetch(`/api/records/${id}/lease${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, credentials: "same-origin", keepalive, body: JSON.stringify(body),
    });

  function opened(id) {
    if (id === held) return;
    leave();
    held = id;
    mine = true;
    if (id !== null) take(false, true);
  }

  async function take(over, first = false) {
    const id = held;
    clearTimeout(timer);
    timer = setTimeout(() => take(false), RENEW_MS);
    try {
      const reply = await post(id, "", { over });
      if (reply.ok && id === held) hear(await reply.json(), first, over);
    } catch {
      // Without a server nobody is told; saving says so itself.
    }
  }

  function hear(lease, first, over) {
    const actions = [{ label: t("queue.lease.take"), run: () => take(true) }];
    const show = (key) => ctx.toasts.show(t(`queue.lease.${key}`, { name: lease.person }), { id: "lease", kind: "warn", stay: true, actions });
    if (over && lease.mine) ctx.toasts.show(t("queue.lease.mine"), { id: "lease" });
    else if (!lease.mine && (first || over)) show("open");
    else if (!lease.mine && mine) show("taken");
    else if (lease.mine && !mine) ctx.toasts.dismiss("lease");
    mine = lease.mine;
  }

  function leave() {
    clearTimeout(timer);
    ctx.toasts.dismiss("lease");
    if (held !== null && mine) post(held, "/release", {}, true).catch(() => {});
    held = null;
  }

  addEventListener("pagehide", leave);
  return {
    opened,
    destroy() {
      removeEventListener("pagehide", leave);
      leave();
    },
  };
}
