// Small helpers to build elements. Text only ever goes in as text: there is no way to pass HTML.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  append(element, children);
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "on") {
    for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
  } else if (name === "data") {
    for (const [key, text] of Object.entries(value)) {
      if (text !== null && text !== undefined) element.dataset[key] = text;
    }
  } else if (name === "text") element.textContent = value;
  else if (name === "style") {
    for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  } else element.setAttribute(name, value === true ? "" : String(value));
}

export function append(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

const PATHS = {
  exact: "M3 8.5l3.2 3.2L13 4.8",
  normalised: "M2.5 6.2c2-2 3.6-2 5.5-.6s3.5 1.4 5.5-.6M2.5 11c2-2 3.6-2 5.5-.6s3.5 1.4 5.5-.6",
  fuzzy: "M2.5 8.500c2-2.6 3.6-2.6 5.5-.6s3.5 2 5.5-.6",
  absent: "M4 4l8 8M12 4l-8 8",
  pending: "M8 3v5l3 2",
  none: "M4 8h8",
  up: "M3.5 10L8 5.5 12.5 10",
  down: "M3.5 6L8 10.5 12.5 6",
  left: "M10 3.500L5.5 8 10 12.5",
  right: "M6 3.500L10.5 8 6 12.5",
  plus: "M8 3.500v9M3.5 8h9",
  minus: "M3.5 8h9",
  split: "M8 2.500v3.500M8 10v3.500M3 8h3M10 8h3M4.5 6.500L3 8l1.5 1.500M11.5 6.500L13 8l-1.5 1.5",
  fit: "M2.5 3v10M13.5 3v10M5 8h6M6.5 6L4.8 8l1.7 2M9.5 6l1.7 2-1.7 2",
  warn: "M8 2.500l6 11H2zM8 6.500v3.500M8 11.800v.2",
  back: "M6 3.500L3 6.500l3 3M3 6.500h6.500a3.500 3.500 0 0 1 0 7H6",
  keys: "M2 4.500h12v7.500H2zM5 9.500h6M4.800 7h.2M7.900 7h.2M11 7h.2",
  talk: "M3 3.500h10v7H7.500L4.500 13v-2.500H3z",
  dim: "M13 9.500A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.500z",
};

/** A line icon of the name, hidden from screen readers: the text beside it says the same. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("wb-icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A real button; `key` is shown as its shortcut. */
export function button(label, run, { key, symbol, quiet, kind, name, title, id } = {}) {
  const text = quiet ? null : h("span", { class: "wb-label", text: label });
  return h(
    "button",
    {
      type: "button",
      class: ["wb-btn", quiet && "wb-quiet", kind && `wb-${kind}`].filter(Boolean).join(" "),
      "aria-label": quiet ? label : null,
      "aria-keyshortcuts": key ?? null,
      title: title ?? (key ? `${label} (${key})` : quiet ? label : null),
      data: { action: name, id },
      on: { click: run },
    },
    symbol ? icon(symbol) : null,
    text,
    key && !quiet ? h("kbd", { class: "wb-kbd", text: key, "aria-hidden": "true" }) : null,
  );
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Runs once, `ms` after the last call; `cancel` drops a waiting run, `flush` runs it now. */
export function debounce(run, ms) {
  let timer = 0;
  const later = (...args) => {
    clearTimeout(timer);
    later.flush = () => {
      clearTimeout(timer);
      later.flush = () => {};
      run(...args);
    };
    timer = setTimeout(() => later.flush(), ms);
  };
  later.flush = () => {};
  later.cancel = () => {
    clearTimeout(timer);
    later.flush = () => {};
  };
  return later;
}
