import { formsOf, MIN_LENGTH } from "./_forms.ts";

/** What stands in the place of a secret; the same as in the log. */
const REDACTED = "[redacted]";

/** Deeper than anything that may be stored. */
const MAX_DEPTH = 100;

/** Takes the values of secrets out of what a step gives, says or logs. */
export interface Redactor {
  /** Adds a value: from now on it is taken out too. */
  add(value: unknown): void;
  /** A text without the values, in whatever spelling. */
  text(text: string): string;
  /** Any JSON, or an error, without the values: texts, keys and numbers. What holds none is given back as it is. */
  value<T>(value: T): T;
}

/** Parsed values are asked for again and again while a flow runs. */
const known = new Map<string, ReadonlySet<string>>();
const MAX_KNOWN = 200;

/**
 * Makes what takes these values out.
 *
 * @param values The values of secrets. Those of less than four characters are not looked for.
 */
export function redactionFor(values: Iterable<string>): Redactor {
  return new FormsRedactor(values);
}

class FormsRedactor implements Redactor {
  readonly #forms = new Set<string>();

  constructor(values: Iterable<string>) {
    for (const value of values) this.add(value);
  }

  add(value: unknown): void {
    if (typeof value === "string") { for (const form of cachedForms(value)) this.#forms.add(form); }
    else if (typeof value === "number") this.add(String(value));
    else if (typeof value === "object" && value !== null) { for (const item of Object.values(value)) this.add(item); }
  }

  text(text: string): string {
    if (text.length < MIN_LENGTH) return text;
    const found: [start: number, end: number][] = [];
    for (const form of this.#forms) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
    }
    if (found.length === 0) return text;
    // Values may overlap, or be parts of each other: nothing of any is left.
    found.sort(([a], [b]) => a - b);
    let clean = "";
    let done = 0;
    let [start, end] = found[0]!;
    for (const [from, to] of found) {
      if (from <= end) {
        end = Math.max(end, to);
        continue;
      }
      clean += text.slice(done, start) + REDACTED;
      done = end;
      [start, end] = [from, to];
    }
    return clean + text.slice(done, start) + REDACTED + text.slice(end);
  }

  value<T>(value: T): T {
    return this.#forms.size === 0 ? value : this.#visit(value, 0) as T;
  }

  #visit(value: unknown, depth: number): unknown {
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number" || typeof value === "bigint") {
      const text = String(value);
      return this.text(text) === text ? value : REDACTED;
    }
    if (typeof value !== "object" || value === null) return value;
    if (depth > MAX_DEPTH) return REDACTED;
    if (Array.isArray(value)) return value.map((item) => this.#visit(item, depth + 1));
    if (value instanceof Error) return this.#error(value, depth);
    if (ArrayBuffer.isView(value)) return value;
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      // Not by assignment: a key may be called __proto__.
      Object.defineProperty(copy, this.text(key), {
        value: this.#visit(item, depth + 1),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return copy;
  }

  /** For the log: an error of the same name that says the same without the values. */
  #error(error: Error, depth: number): Error {
    const { code, details, hint } = error as { code?: unknown; details?: unknown; hint?: unknown };
    const clean = new Error(this.text(error.message));
    clean.name = error.name;
    if (error.stack !== undefined) clean.stack = this.text(error.stack);
    if (error.cause !== undefined) clean.cause = this.#visit(error.cause, depth + 1);
    return Object.assign(
      clean,
      code !== undefined && { code: this.#visit(code, depth + 1) },
      details !== undefined && { details: this.#visit(details, depth + 1) },
      hint !== undefined && { hint: this.#visit(hint, depth + 1) },
    );
  }
}

function cachedForms(value: string): ReadonlySet<string> {
  if (value.length < MIN_LENGTH) return new Set();
  let forms = known.get(value);
  if (forms === undefined) {
    forms = formsOf(value);
    // A value of many lines has thousands of forms: short ones are what comes again and again.
    if (value.length <= 4_096) {
      if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? "");
      known.set(value, forms);
    }
  }
  return forms;
}
