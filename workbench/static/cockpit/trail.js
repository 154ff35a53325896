// The way through the papers in this tab. A decided paper leaves its place in the queue, but not the
// way: "previous" leads back to it, and "next" from there to where the curator was.

const KEY = "wb-trail";
const LONGEST = 200; // papers; the oldest go first

function kept() {
  try {
    const { papers, at } = JSON.parse(sessionStorage.getItem(KEY));
    const sound = Array.isArray(papers) && papers.every(({ id }) => Number.isInteger(id)) && at in papers;
    return sound ? { papers, at } : null;
  } catch {
    return null; // nothing kept, no storage, or another version's words
  }
}

/** Papers as {id, decided}, oldest first, and which of them is open. */
export function createTrail() {
  let { papers, at } = kept() ?? { papers: [], at: -1 };

  function keep() {
    const extra = Math.max(0, papers.length - LONGEST);
    papers = papers.slice(extra);
    at = Math.max(0, at - extra);
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ papers, at }));
    } catch {
      // The way is then known until the page is left.
    }
  }

  /** A paper is shown: a step back or on where it is the neighbour, else a new end of the way. */
  function opened(id, decided) {
    const step = [0, -1, 1].find((by) => papers[at + by]?.id === id);
    if (step === undefined) {
      papers = [...papers.slice(0, at + 1), { id }];
      at = papers.length - 1;
    } else at += step;
    papers[at].decided = decided;
    keep();
  }

  /** Whoever goes up the queue from the first paper of the way comes back to it with "next". */
  function before(id) {
    if (at !== 0) return;
    papers.unshift({ id });
    at = 1;
  }

  return {
    opened,
    before,
    previous: () => papers[at - 1]?.id ?? null,
    next: () => papers[at + 1]?.id ?? null,
    /** What was come by: the next paper to decide is none of these. */
    passed: () => [...new Set(papers.map(({ id }) => id))].join(","),
    /** Where to after a decision: the next paper of the way that is still to be decided. */
    open: () => papers.slice(at + 1).find(({ decided }) => !decided)?.id ?? null,
    decided(id) {
      for (const paper of papers) if (paper.id === id) paper.decided = true;
      keep();
    },
    /** A decision and an undo go along the way, however far; what lies between stays on it. */
    along(id) {
      const on = papers.findIndex((paper, place) => place > at && paper.id === id);
      const back = papers.findLastIndex((paper, place) => place <= at && paper.id === id);
      if (on >= 0 || back >= 0) at = on >= 0 ? on : back;
    },
    /** A paper that is gone is passed over. */
    drop(id) {
      const gone = papers.slice(0, at + 1).filter((paper) => paper.id === id).length;
      papers = papers.filter((paper) => paper.id !== id);
      at -= gone;
      keep();
    },
  };
}
