// Sends decisions in the background, one after the other, and tries again until the server answers.

import { dropFromOutbox, keepInOutbox, loadOutbox } from "./storage.js";

const PAUSES = [1500, 4000, 10000, 30000];

/**
 * An entry is {recordId, name, filters, body, base}; `body` is sent as it is each time, so the
 * server knows a repeated one by its client_event_id.
 * `hear` has sending(entry), saved(entry, result), waiting(entry, error), conflict(entry, body),
 * refused(entry, error).
 */
export function createOutbox(api, hear) {
  const open = new Map(); // client_event_id -> {entry, done, wake, dropped}
  let tail = Promise.resolve();
  let alive = true;

  function send(entry) {
    keepInOutbox(entry);
    const job = { entry, wake: () => {}, dropped: false };
    open.set(entry.body.client_event_id, job);
    hear.sending(entry);
    job.done = tail.then(() => deliver(job));
    tail = job.done.catch(() => {});
    return job.done;
  }

  async function deliver(job) {
    for (let attempt = 0; alive && !job.dropped; attempt += 1) {
      try {
        const { recordId, body, filters } = job.entry;
        const result = await api.save(recordId, body, filters);
        close(job);
        hear.saved(job.entry, result);
        return result;
      } catch (error) {
        if (error.name !== "ApiError") throw error;
        if (!error.retry) return turnedDown(job, error);
        if (!job.dropped) hear.waiting(job.entry, error);
        await pause(job, PAUSES[Math.min(attempt, PAUSES.length - 1)]);
      }
    }
    return null;
  }

  function turnedDown(job, error) {
    close(job);
    if (error.conflict) hear.conflict(job.entry, error.body);
    else hear.refused(job.entry, error);
    return null;
  }

  function close(job) {
    open.delete(job.entry.body.client_event_id);
    dropFromOutbox(job.entry);
  }

  function pause(job, ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      job.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const of = (recordId) => [...open.values()].filter((job) => job.entry.recordId === recordId);
  return {
    send,
    /** Resolves when nothing of this record is under way, at the latest after `ms`. */
    settled: (recordId, ms = 4000) =>
      Promise.race([
        Promise.allSettled(of(recordId).map((job) => job.done)),
        new Promise((resolve) => setTimeout(resolve, ms)),
      ]),
    unsent: (recordId) => of(recordId).at(-1)?.entry ?? null,
    /** Take an unsent decision back before it arrives. */
    drop(entry) {
      const job = open.get(entry.body.client_event_id);
      if (!job) return;
      job.dropped = true;
      close(job);
      job.wake();
    },
    retry: () => open.forEach((job) => job.wake()),
    /** Send what an earlier page could not: the server ignores what it already has. */
    resume: () => loadOutbox().forEach(send),
    destroy() {
      alive = false;
      open.forEach((job) => job.wake());
    },
  };
}
