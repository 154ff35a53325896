// The steps of the tour: which tab, what is pointed at, what is said. The first that is there counts.

export const STEPS = [
  { key: "drop", tab: "papers", at: [".wb-intake", "#wb-upload"] },
  { key: "queue", tab: "papers", at: ["#wb-queue table", "#wb-queue"] },
  { key: "open", tab: "papers", at: ["#wb-queue [data-record]", "#wb-queue"] },
  { key: "evidence", tab: "review", open: true, at: [".wb-split", "#wb-review"] },
  { key: "assign", tab: "review", at: [".wb-pane", "#wb-review"] },
  { key: "accept", tab: "review", at: ["[data-action=accept]", ".wb-header", "#wb-review"] },
  { key: "retrain", tab: "train", at: ["#wb-retrain", "#wb-outlook"] },
];
