// Where each value of the draft stands in the text: what is known, and asking for what is not.

import { fieldsOf, toAnswer } from "./answer.js";
import { debounce } from "./dom.js";

const NOTHING = { alignment: "none", span: null, confidence: null };
const WAITING = { alignment: "pending", span: null, confidence: null };

export class Grounding {
  /** `ask(answer, signal)` grounds an answer; `hear.changed()`, `hear.refused(error, keys)`. */
  constructor(ask, hear) {
    this.ask = ask;
    this.hear = hear;
    this.known = new Map(); // "key value" -> {alignment, span, confidence}
    this.running = null;
    this.later = debounce((state) => (this.asked = this.#run(state)), 300);
    this.asked = null;
  }

  /** Take what came with an answer. */
  seed(state, fields, statements) {
    const { keys } = toAnswer(state);
    this.#learn(keys, fields, statements);
  }

  /** What is known of a field: "none" where it is empty, "pending" while the server is asked. */
  of({ key, value }) {
    const text = value.trim();
    return text ? (this.known.get(`${key} ${text}`) ?? WAITING) : NOTHING;
  }

  /** A place that is known without asking: the words were selected there. */
  put(key, value, found) {
    this.known.set(`${key} ${value.trim()}`, { confidence: null, ...found });
  }

  /** Ask soon for what is not known of this state. */
  refresh(state, asked = false) {
    if (asked || fieldsOf(state).some((field) => !field.rejected && this.of(field) === WAITING)) this.later(state);
    else this.later.cancel();
  }

  /** Ask now for what waits to be asked; resolves when it is known. */
  async settled() {
    this.later.flush();
    await this.asked;
  }

  async #run(state) {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    const sent = toAnswer(state);
    const { answer, keys } = sent;
    try {
      const found = await this.ask(answer, running.signal);
      this.#learn(keys, found.fields, found.statements);
      this.hear.told?.(found, sent);
      this.hear.changed();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.name !== "ApiError") throw error;
      this.hear.refused(error, keys);
    }
  }

  #learn(keys, fields = [], statements = []) {
    statements.forEach((statement, i) => {
      this.#keep(keys.get(`/statements/${i}`), statement.text, statement);
    });
    for (const field of fields) this.#keep(keys.get(field.path), field.value, field);
  }

  #keep(key, value, { alignment, span, confidence }) {
    if (!key || typeof value !== "string") return;
    const name = `${key} ${value.trim()}`;
    const before = this.known.get(name);
    this.known.set(name, {
      alignment,
      span: span ?? null,
      confidence: confidence ?? before?.confidence ?? null,
    });
  }

  destroy() {
    this.later.cancel();
    this.running?.abort();
  }
}
