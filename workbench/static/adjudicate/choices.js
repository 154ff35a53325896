// What the adjudicator chose for each value, and the answer that comes of it. Knows no screen.

const SLOTS = { award_id: "award_ids", scheme: "funding_scheme", title: "award_title" };

/**
 * The values of a comparison in the order of the form. A leaf's `choice` is null until it is
 * decided, then {take: [places of sides]} or {own: words}.
 */
export function leavesOf({ statements, funders, sides }) {
  const readers = sides.filter(({ name }) => name !== "model").length;
  const leaves = statements.map((row) => leaf(row, readers, {}));
  funders.forEach(({ name, awards }, funder) => {
    leaves.push(leaf(name, readers, { funder }));
    awards.forEach((rows, award) => {
      for (const row of rows) leaves.push(leaf(row, readers, { funder, award }));
    });
  });
  return leaves.map((each, id) => ({ ...each, id }));
}

/** Where the readers say the same there is nothing to choose; what only the model said is left out. */
function leaf(row, readers, place) {
  const choice = row.agreed ? { take: row.options[0] ? [0] : [] } : null;
  return { ...row, ...place, readers, choice };
}

/** The leaves with a value chosen; the name of a funder decides for its open values too. */
export function choose(leaves, id, choice) {
  const chosen = leaves[id];
  return leaves.map((each) => {
    if (each.id === id) return { ...each, choice };
    if (chosen.kind !== "funder" || each.funder !== chosen.funder || choice.own !== undefined) return each;
    if (!choice.take.length) return { ...each, choice: { take: [] } };
    if (each.choice) return each;
    return { ...each, choice: { take: choice.take.filter((side) => each.options[side]) } };
  });
}

/** Both versions, where both say something; a funder has one name only. */
export function bothOf({ kind, options, readers }) {
  if (kind === "funder") return null;
  const given = options.slice(0, readers).map((option, side) => (option ? side : -1));
  return { take: given.filter((side) => side >= 0) };
}

export const undecided = (leaves) => leaves.filter(({ choice }) => choice === null);

/** The words that are chosen for a leaf, each once; null stands for a funder without a name. */
export function valuesOf({ choice, options }) {
  if (!choice) return [];
  if (choice.own !== undefined) return [choice.own];
  return [...new Set(choice.take.map((side) => options[side]?.value ?? null))];
}

/** The answer as it is now; what is not decided is not in it. */
export function answerOf(leaves) {
  const words = (leaf) => valuesOf(leaf).filter((value) => value !== null);
  const statements = leaves.filter(({ kind }) => kind === "statement").flatMap(words);
  const names = leaves.filter(({ kind }) => kind === "funder");
  const funders = names.map((name) => {
    const awards = new Map();
    for (const each of leaves) {
      if (each.funder !== name.funder || each.kind === "funder") continue;
      const award = awards.get(each.award) ?? { award_ids: [], funding_scheme: [], award_title: [] };
      award[SLOTS[each.kind]].push(...words(each));
      awards.set(each.award, award);
    }
    const given = [...awards.values()].filter((award) => Object.values(award).some((list) => list.length));
    return { named: valuesOf(name), awards: given, link: linkOf(name) };
  });
  const paid = funders.filter(({ named, awards }) => named.length || awards.length);
  const links = paid.map(({ link }) => link);
  return {
    statements: statements.map((text) => ({ text })),
    funders: paid.map(({ named, awards }) => ({ funder_name: named[0] ?? null, awards })),
    ...(links.some(Boolean) ? { links } : {}),
  };
}

/** The organisation that was chosen with a name which readers linked otherwise; else the desk joins their links. */
function linkOf({ disputed, choice, options }) {
  const link = disputed && choice?.take?.length === 1 ? options[choice.take[0]]?.link : null;
  return link ? { ...link, method: "curator" } : null;
}
