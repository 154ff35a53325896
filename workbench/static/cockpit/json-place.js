// Finds where a text stops being JSON. Browsers tell it differently, or not at all.

import { t } from "../texts.js";

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/** {message, line, column, at} of the first mistake, lines and columns from 1; null when valid. */
export function jsonError(text) {
  const reader = new Reader(text);
  try {
    reader.whole();
    return null;
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const before = text.slice(0, error.at);
    return {
      message: error.message,
      line: before.split("\n").length,
      column: error.at - before.lastIndexOf("\n"),
      at: error.at,
    };
  }
}

class Mistake extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  whole() {
    this.value();
    if (this.at < this.text.length) throw new Mistake(t("cockpit.json.after_end"), this.at);
  }

  fail(wanted) {
    const found = this.text[this.at];
    const sign = found === '"' ? t("cockpit.json.quote") : t("cockpit.json.sign", { sign: found });
    const instead = found === undefined ? t("cockpit.json.ends") : t("cockpit.json.here", { sign });
    throw new Mistake(t("cockpit.json.expected", { wanted, instead }), this.at);
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  sees(sign) {
    this.take(SPACE);
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    this.take(SPACE);
    return true;
  }

  value() {
    this.take(SPACE);
    if (this.sees("[")) this.list("]", () => this.value());
    else if (this.sees("{")) this.list("}", () => this.pair());
    else if (this.text[this.at] === '"') this.string();
    else if (!this.take(NUMBER) && !this.take(WORD)) this.fail(t("cockpit.json.value"));
    this.take(SPACE);
  }

  list(end, item) {
    if (this.sees(end)) return;
    do item();
    while (this.sees(","));
    if (!this.sees(end)) this.fail(t("cockpit.json.comma_or", { end }));
  }

  pair() {
    this.string(t("cockpit.json.name"));
    if (!this.sees(":")) this.fail(t("cockpit.json.sign", { sign: ":" }));
    this.value();
  }

  string(wanted = t("cockpit.json.text")) {
    if (this.text[this.at] !== '"') this.fail(wanted);
    if (this.take(STRING)) return;
    const end = /"(?:[^"\\\r\n]|\\.)*/y;
    end.lastIndex = this.at;
    this.at += end.exec(this.text)[0].length;
    const closed = this.text[this.at] === '"';
    throw new Mistake(t(closed ? "cockpit.json.escape" : "cockpit.json.unclosed"), this.at);
  }
}
