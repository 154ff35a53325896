// The queue's table: the whole row opens a paper, by mouse or keyboard; "/" goes to the search.

export function host(element, open) {
  element.addEventListener("click", (event) => {
    const row = event.target.closest("[data-record]");
    if (!row) return;
    event.preventDefault();
    open({ record: Number(row.dataset.record) });
  });
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const search = document.querySelector(".wb-filters input[placeholder], .wb-filters textarea");
    if (event.key === "/" && plain && !typing && search?.offsetParent) {
      event.preventDefault();
      search.focus();
    }
  });
}
