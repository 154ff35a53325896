// Drafts and unsent decisions in localStorage, so that neither a crash nor a closed tab loses work.

const DRAFT = "wb-draft:";
const OUTBOX = "wb-outbox";
const KEPT = 100; // drafts kept; the oldest go first

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DOMException) return null;
    throw error;
  }
}

/** False when the browser refuses (storage full or switched off): work then lives in memory only. */
function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

export const loadDraft = (recordId) => read(DRAFT + recordId);
export const dropDraft = (recordId) => write(DRAFT + recordId, null);

/** `draft` is {base_seq, base, answer, accepted}: what was loaded, and what became of it. */
export function saveDraft(recordId, draft) {
  const written = write(DRAFT + recordId, { ...draft, at: Date.now() });
  return written || (prune(KEPT / 2) && write(DRAFT + recordId, { ...draft, at: Date.now() }));
}

export function prune(keep = KEPT) {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(DRAFT));
    const old = names.map((name) => [read(name)?.at ?? 0, name]).sort((a, b) => b[0] - a[0]);
    for (const [, name] of old.slice(keep)) localStorage.removeItem(name);
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

export const loadOutbox = () => Object.values(read(OUTBOX) ?? {});

export function keepInOutbox(entry) {
  write(OUTBOX, { ...read(OUTBOX), [entry.body.client_event_id]: entry });
}

export function dropFromOutbox(entry) {
  const { [entry.body.client_event_id]: gone, ...rest } = read(OUTBOX) ?? {};
  write(OUTBOX, Object.keys(rest).length ? rest : null);
}

export const remember = (name, value) => write(`wb-${name}`, value);
export const recall = (name) => read(`wb-${name}`);
