/**
 * Grammar of I-Regexp. https://www.rfc-editor.org/rfc/rfc9485#section-4
 *
 * @module
 */

/** A parsed pattern. */
export type Expression =
  | { kind: "char"; test(codePoint: number): boolean }
  | { kind: "anchor"; at: "start" | "end" }
  | { kind: "sequence"; items: Expression[] }
  | { kind: "choice"; items: Expression[] }
  | { kind: "repeat"; item: Expression; min: number; max: number | null };

/** A pattern cannot be used; the message says why. */
export class IRegexpError extends Error {
  override readonly name = "IRegexpError";
}

type Test = (codePoint: number) => boolean;

const MAX_LENGTH = 1_024;
const MAX_COUNT = 1_000;
const MAX_NESTING = 100;

const CATEGORIES: ReadonlySet<string> = new Set(
  "L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps Z Zl Zp Zs S Sc Sk Sm So C Cc Cf Cn Co".split(" "),
);
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
const SHORTHANDS: Readonly<Record<string, Test>> = {
  d: (code) => code >= 48 && code <= 57,
  w: (code) => /^\w$/.test(String.fromCodePoint(code)),
  s: (code) => code === 32 || (code >= 9 && code <= 13),
};

/**
 * Parses a pattern.
 *
 * @throws {IRegexpError} When it is malformed.
 */
export function parseIRegexp(source: string): Expression {
  if (source.length > MAX_LENGTH) throw new IRegexpError(`The pattern is longer than ${MAX_LENGTH} characters`);
  const parser = new Parser([...source]);
  const expression = parser.choice(0);
  if (!parser.done) throw new IRegexpError("Unexpected ) in the pattern");
  return expression;
}

class Parser {
  readonly #chars: string[];
  #at = 0;

  constructor(chars: string[]) {
    this.#chars = chars;
  }

  get done(): boolean {
    return this.#at >= this.#chars.length;
  }

  choice(nesting: number): Expression {
    if (nesting > MAX_NESTING) throw new IRegexpError("The pattern is nested too deeply");
    const items = [this.#sequence(nesting)];
    while (this.#take("|")) items.push(this.#sequence(nesting));
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: "choice", items };
  }

  #sequence(nesting: number): Expression {
    const items: Expression[] = [];
    if (this.#take("^")) items.push({ kind: "anchor", at: "start" });
    while (!this.done && this.#peek() !== "|" && this.#peek() !== ")") {
      if (this.#peek() === "$" && [undefined, "|", ")"].includes(this.#chars[this.#at + 1])) {
        this.#at++;
        items.push({ kind: "anchor", at: "end" });
      } else {
        items.push(this.#quantified(this.#atom(nesting)));
      }
    }
    return { kind: "sequence", items };
  }

  #quantified(item: Expression): Expression {
    if (this.#take("*")) return { kind: "repeat", item, min: 0, max: null };
    if (this.#take("+")) return { kind: "repeat", item, min: 1, max: null };
    if (this.#take("?")) return { kind: "repeat", item, min: 0, max: 1 };
    if (!this.#take("{")) return item;
    const min = this.#count();
    const max = this.#take(",") ? (this.#peek() === "}" ? null : this.#count()) : min;
    this.#expect("}");
    if (max !== null && max < min) throw new IRegexpError("A quantifier's upper bound is below its lower bound");
    return { kind: "repeat", item, min, max };
  }

  #count(): number {
    let digits = "";
    while (/^\d$/.test(this.#peek() ?? "")) digits += this.#next();
    if (digits === "" || Number(digits) > MAX_COUNT) {
      throw new IRegexpError(`A quantifier needs a number up to ${MAX_COUNT}`);
    }
    return Number(digits);
  }

  #atom(nesting: number): Expression {
    const char = this.#next();
    if (char === "(") {
      const inner = this.choice(nesting + 1);
      this.#expect(")");
      return inner;
    }
    if (char === "[") return { kind: "char", test: this.#class() };
    if (char === ".") return { kind: "char", test: (code) => code !== 10 && code !== 13 };
    if (char === "\\") return { kind: "char", test: this.#escape() };
    if ("*+?{}]".includes(char)) throw new IRegexpError(`Unexpected ${char} in the pattern`);
    return { kind: "char", test: equals(char) };
  }

  /** What follows a backslash. */
  #escape(): Test {
    const char = this.#next();
    if (char === "p" || char === "P") return this.#category(char === "P");
    const shorthand = SHORTHANDS[char.toLowerCase()];
    if (shorthand !== undefined) return /^[a-z]$/.test(char) ? shorthand : (code) => !shorthand(code);
    const literal = ESCAPES[char] ?? (/^[()*+\-.?[\\\]^{|}$/]$/.test(char) ? char : undefined);
    if (literal === undefined) throw new IRegexpError(`Unknown escape \\${char} in the pattern`);
    return equals(literal);
  }

  #category(negated: boolean): Test {
    this.#expect("{");
    let name = "";
    while (/^[A-Za-z]$/.test(this.#peek() ?? "")) name += this.#next();
    this.#expect("}");
    if (!CATEGORIES.has(name)) throw new IRegexpError("Unknown character category in the pattern");
    // One character against one category: nothing here can backtrack.
    const category = new RegExp(`^\\p{${name}}$`, "u");
    return (code) => category.test(String.fromCodePoint(code)) !== negated;
  }

  #class(): Test {
    const negated = this.#take("^");
    const tests: Test[] = [];
    for (let first = true; first || this.#peek() !== "]"; first = false) tests.push(this.#classItem(first));
    this.#expect("]");
    return (code) => tests.some((test) => test(code)) !== negated;
  }

  #classItem(first: boolean): Test {
    const char = this.#next();
    if (char === "-") {
      if (!first && this.#peek() !== "]") {
        throw new IRegexpError("A - in a character class belongs at its begin or end");
      }
      return equals(char);
    }
    if (char === "[" || char === "]") throw new IRegexpError(`Unexpected ${char} in a character class`);
    const low = char === "\\" ? this.#classEscape() : char;
    if (typeof low === "function") return low;
    if (this.#peek() !== "-" || this.#chars[this.#at + 1] === "]") return equals(low);
    this.#at++;
    const end = this.#next();
    const high = end === "\\" ? this.#classEscape() : end;
    if (typeof high === "function" || end === "[" || end === "]") {
      throw new IRegexpError("A range needs two characters");
    }
    const [from, to] = [codeOf(low), codeOf(high)];
    if (to < from) throw new IRegexpError("A range in a character class runs backwards");
    return (code) => code >= from && code <= to;
  }

  /** An escape inside a class: a character, which may begin a range, or a whole class. */
  #classEscape(): string | Test {
    const char = this.#peek() ?? "";
    if (/^[pPdDwWsS]$/.test(char)) return this.#escape();
    this.#escape();
    return ESCAPES[char] ?? char;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw new IRegexpError("The pattern ends too early");
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string): void {
    if (!this.#take(char)) throw new IRegexpError(`Expected ${char} in the pattern`);
  }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function equals(char: string): Test {
  const wanted = codeOf(char);
  return (code) => code === wanted;
}
