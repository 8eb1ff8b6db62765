import { ExpressionError } from "./error.ts";

/** One word of an expression. */
export interface Token {
  readonly kind: "number" | "text" | "name" | "symbol" | "end";
  /** The value of a number or text, else the characters themselves. */
  readonly value: string | number;
  readonly start: number;
  readonly end: number;
}

const SYMBOLS_OF_TWO = new Set(["==", "!=", "<=", ">=", "&&", "||", "??"]);
const SYMBOLS_OF_ONE = new Set("+-*/%<>!?:.,()[]{}");
const ESCAPES: Readonly<Record<string, string>> = {
  "n": "\n",
  "r": "\r",
  "t": "\t",
  "b": "\b",
  "f": "\f",
  "\\": "\\",
  "/": "/",
  '"': '"',
  "'": "'",
};

/** Things people write from habit, and what to write instead. */
const HABITS: readonly (readonly [string, string])[] = [
  ["===", "Use == to compare (it never converts)"],
  ["!==", "Use != to compare (it never converts)"],
  ["?.", "Use . instead of ?. (a missing property is null already)"],
  ["**", "Cannot use ** here"],
  ["=>", "Cannot define functions in an expression; see pluck(), where() and sortBy()"],
];

/** Reads an expression word by word, on demand: the parser decides when a step id comes and where a template ends. */
export class Lexer {
  readonly #source: string;
  #position: number;

  constructor(source: string, position: number) {
    this.#source = source;
    this.#position = position;
  }

  /** Reads the next word. Throws ExpressionError. */
  next(): Token {
    this.#skipSpace();
    const start = this.#position;
    const char = this.#source[start];
    if (char === undefined) return { kind: "end", value: "", start, end: start };
    if (isDigit(char)) return this.#number();
    if (char === '"' || char === "'") return this.#text(char);
    if (isNameStart(char)) return this.#take("name", (c) => isNameStart(c) || isDigit(c));
    return this.#symbol();
  }

  /** Reads a step id, which may begin with a digit and hold dashes; null when none stands here. */
  stepId(): Token | null {
    this.#skipSpace();
    const token = this.#take("name", (c) => isDigit(c) || c === "-" || c === "_" || isAsciiLetter(c));
    return token.value === "" ? null : token;
  }

  #skipSpace() {
    while (isSpace(this.#source[this.#position])) this.#position++;
  }

  #take(kind: "name", belongs: (char: string) => boolean): Token {
    const start = this.#position;
    let char = this.#source[this.#position];
    while (char !== undefined && belongs(char)) char = this.#source[++this.#position];
    return { kind, value: this.#source.slice(start, this.#position), start, end: this.#position };
  }

  #digits() {
    while (isDigit(this.#source[this.#position])) this.#position++;
  }

  #number(): Token {
    const start = this.#position;
    this.#digits();
    let integer = true;
    if (this.#source[this.#position] === "." && isDigit(this.#source[this.#position + 1])) {
      integer = false;
      this.#position++;
      this.#digits();
    }
    const exponent = this.#exponentLength();
    if (exponent > 0) {
      integer = false;
      this.#position += exponent;
      this.#digits();
    }
    const end = this.#position;
    const value = Number(this.#source.slice(start, end));
    if (!Number.isFinite(value)) throw new ExpressionError("Cannot hold so large a number", start);
    if (integer && !Number.isSafeInteger(value)) {
      throw new ExpressionError("Cannot hold this number exactly; write it as text", start);
    }
    if (isNameStart(this.#source[end] ?? "")) throw new ExpressionError("Expected an operator after the number", end);
    return { kind: "number", value, start, end };
  }

  /** How many characters of `e+` or `e` introduce an exponent here. */
  #exponentLength(): number {
    const [e, next, after] = this.#source.slice(this.#position, this.#position + 3);
    if (e !== "e" && e !== "E") return 0;
    if (isDigit(next)) return 1;
    return (next === "+" || next === "-") && isDigit(after) ? 2 : 0;
  }

  #text(quote: string): Token {
    const start = this.#position++;
    let value = "";
    let from = this.#position;
    for (;;) {
      const char = this.#source[this.#position];
      if (char === undefined) throw new ExpressionError(`Expected the closing ${quote} of this text`, start);
      if (char === quote) break;
      if (char === "\\") {
        value += this.#source.slice(from, this.#position) + this.#escape();
        from = this.#position;
      } else {
        this.#position++;
      }
    }
    value += this.#source.slice(from, this.#position++);
    if (!value.isWellFormed() || value.includes("\0")) {
      throw new ExpressionError("Cannot use half a character or NUL in text", start);
    }
    return { kind: "text", value, start, end: this.#position };
  }

  #escape(): string {
    const start = this.#position;
    const letter = this.#source[start + 1] ?? "";
    if (letter === "u") {
      const hex = this.#source.slice(start + 2, start + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new ExpressionError("Expected four hex digits after \\u", start);
      this.#position += 6;
      return String.fromCharCode(parseInt(hex, 16));
    }
    const value = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (value === undefined) throw new ExpressionError("Unknown escape; write \\\\ for a backslash", start);
    this.#position += 2;
    return value;
  }

  #symbol(): Token {
    const start = this.#position;
    const rest = this.#source.slice(start, start + 3);
    const habit = HABITS.find(([symbol]) => rest.startsWith(symbol));
    if (habit !== undefined) throw new ExpressionError(habit[1], start);
    const pair = rest.slice(0, 2);
    const value = SYMBOLS_OF_TWO.has(pair) ? pair : rest[0] ?? "";
    if (value.length === 1 && !SYMBOLS_OF_ONE.has(value)) {
      if (value === "=") throw new ExpressionError("Use == to compare", start);
      if (value === "&" || value === "|") throw new ExpressionError(`Use ${value}${value}`, start);
      throw new ExpressionError(`Unexpected character ${printable(this.#source, start)}`, start);
    }
    this.#position += value.length;
    return { kind: "symbol", value, start, end: this.#position };
  }
}

function printable(source: string, position: number): string {
  const code = source.codePointAt(position) ?? 0;
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return code > 0x20 && code < 0x7f ? `"${String.fromCodePoint(code)}"` : hex;
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}

function isAsciiLetter(char: string): boolean {
  return (char >= "a" && char <= "z") || (char >= "A" && char <= "Z");
}

/** Letters, `_`, `$` and everything beyond ASCII, so that `trigger.body.größe` needs no brackets. */
function isNameStart(char: string): boolean {
  return isAsciiLetter(char) || char === "_" || char === "$" || (char > "\x7f" && !isSpace(char));
}

/** White space, also the no-break space and the byte order mark that come with pasted text. */
function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\n" || char === "\t" || char === "\r" || char === "\u00a0" || char === "\ufeff";
}
