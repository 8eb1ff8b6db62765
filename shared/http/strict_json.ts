import { formatPath, invalidJson } from "../errors/mod.ts";

/** Deeper nesting is refused. */
export const MAX_JSON_DEPTH = 64;

/** Options of {@link parseJson}. */
export interface ParseJsonOptions {
  /** Refuses an object that names a property twice: for signed and money routes. */
  readonly uniqueKeys?: boolean;
  /** Where the text came from, the beginning of every path. */
  readonly path?: string;
}

/** A list or an object that is open at some point of the text. */
interface Frame {
  readonly isArray: boolean;
  /** The item or property that is being read. */
  at: string | number;
  /** Whether the next string is the name of a property. */
  expectsKey: boolean;
  readonly seen: Set<string> | undefined;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Parses JSON that every later stage can take as it is: not deeper than {@link MAX_JSON_DEPTH}, no NUL, no half of a
 * surrogate pair, no number that would change when read, no property that reaches for a prototype.
 *
 * The engine's own parser decides about the grammar and makes the value; one pass over the text, then known to be
 * well-formed, looks for what a parsed value no longer shows (digits, duplicate keys).
 *
 * @throws {AppError} `invalid_json` with the place.
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidJson("syntax", "The body is not JSON", options.path ?? "body", cause);
  }
  inspect(text, options);
  return value;
}

function inspect(text: string, { uniqueKeys = false, path = "body" }: ParseJsonOptions): void {
  const frames: Frame[] = [];
  const refuse = (code: string, message: string): never => {
    const places = frames.map((frame) => frame.at).filter((at) => at !== "");
    throw invalidJson(code, message, formatPath([path, ...places]));
  };
  for (let index = 0; index < text.length; index++) {
    const frame = frames.at(-1);
    switch (text[index]) {
      case "{":
      case "[": {
        if (frames.length === MAX_JSON_DEPTH) refuse("too_deep", `Nesting is deeper than ${MAX_JSON_DEPTH}`);
        const isArray = text[index] === "[";
        const seen = uniqueKeys && !isArray ? new Set<string>() : undefined;
        frames.push({ isArray, at: isArray ? 0 : "", expectsKey: !isArray, seen });
        break;
      }
      case "}":
      case "]":
        frames.pop();
        break;
      case ",":
        if (frame?.isArray === true) frame.at = Number(frame.at) + 1;
        else if (frame !== undefined) frame.expectsKey = true;
        break;
      case '"': {
        const end = endOfString(text, index);
        const string = unescape(text.slice(index, end + 1));
        if (frame?.expectsKey === true) enterProperty(frames, frame, string, refuse);
        if (string.includes("\0")) refuse("nul_character", "Text must not hold the character U+0000");
        if (!string.isWellFormed()) refuse("lone_surrogate", "Text holds half of a surrogate pair");
        index = end;
        break;
      }
      default:
        if (isNumberStart(text.charCodeAt(index))) {
          NUMBER.lastIndex = index;
          const number = NUMBER.exec(text)?.[0] ?? "";
          if (!keepsItsValue(number)) refuse("unsafe_number", "The number cannot be kept exactly: send it as text");
          index += number.length - 1;
        }
    }
  }
}

function enterProperty(
  frames: readonly Frame[],
  frame: Frame,
  key: string,
  refuse: (code: string, message: string) => never,
): void {
  const above = frames.at(-2)?.at;
  frame.expectsKey = false;
  frame.at = key;
  const names = key.split(".");
  if (names.includes("__proto__") || key.includes("constructor.prototype")) {
    refuse("forbidden_property", "This property name is not allowed");
  }
  if (key === "prototype" && above === "constructor") refuse("forbidden_property", "This property name is not allowed");
  if (frame.seen?.has(key) === true) refuse("duplicate_property", "The property is there twice");
  frame.seen?.add(key);
}

/** The index of the quotation mark that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

/** An odd number of backslashes before it makes a quotation mark part of the string. */
function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text[index - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function unescape(literal: string): string {
  return literal.includes("\\") ? JSON.parse(literal) as string : literal.slice(1, -1);
}

function isNumberStart(code: number): boolean {
  return code === 45 || (code >= 48 && code <= 57);
}

/**
 * Whether a number means the same after it was read: finite, and no integer beyond 2^53. One that is written with an
 * exponent may be larger, as long as none of its digits is lost.
 */
function keepsItsValue(literal: string): boolean {
  const value = Number(literal);
  if (!Number.isFinite(value)) return false;
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return true;
  return /[eE]/.test(literal) && significantDigits(literal) === significantDigits(String(value));
}

function significantDigits(literal: string): string {
  const [mantissa = ""] = literal.split(/[eE]/);
  return mantissa.replaceAll(/[^0-9]/g, "").replace(/^0+/, "").replace(/0+$/, "");
}
