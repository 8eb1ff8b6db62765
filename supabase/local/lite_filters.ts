/**
 * Values of filters that lite reads otherwise than PostgREST, which leaves to Postgres what `true`, `null` and `1e3` are:
 * lite makes a boolean, a null and a number of them, whatever the column. In quotation marks they stay text to it.
 *
 * Then values inside the logical operators `or=(…)` and `and=(…)`. PostgREST takes them in quotation marks, where `\"` and
 * `\\` stand for the character itself: https://docs.postgrest.org/en/stable/references/api/url_grammar.html. lite keeps
 * the backslashes, and counts parentheses and quotation marks without a look at what is quoted. So the characters it
 * stumbles over travel through it in disguise, and come back when the value goes to the database as a parameter.
 *
 * @module
 */

/** Two noncharacters, which Unicode keeps for uses like this one: https://www.unicode.org/faq/private_use.html */
const OPEN = "\uFDD0";
const CLOSE = "\uFDEF";

const LOGICAL = /(^|\.)(or|and)$/;
const QUOTED = /"((?:[^"\\]|\\.)*)"/gs;
const DISGUISED = new RegExp(`${OPEN}([0-9a-f]+)${CLOSE}`, "g");

const COMPARISON = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte|isdistinct)\.)(.+)$/s;
const LIST = /^((?:not\.)?in\.\()(.*)(\))$/s;
/** An element of a list, in quotation marks or without. */
const ELEMENT = /"(?:[^"\\]|\\.)*"|[^,]+/gs;
const WORD = /^(?:true|false|null|not_null|unknown)$/i;

/** The address to ask lite instead: the same, unless a filter holds a value that lite would misread. */
export function disguiseFilters(address: string): string {
  const url = new URL(address);
  let changed = false;
  const parameters = [...url.searchParams].map(([name, value]): [string, string] => {
    const next = LOGICAL.test(name)
      ? value.replace(QUOTED, (_, inner: string) => `"${disguise(inner)}"`)
      : value.replace(COMPARISON, (_, operator: string, operand: string) => operator + asText(operand))
        .replace(LIST, (_, open: string, list: string, close: string) => open + list.replace(ELEMENT, asText) + close);
    changed ||= next !== value;
    return [name, next];
  });
  if (!changed) return address;
  url.search = new URLSearchParams(parameters).toString();
  return url.href;
}

/** A value that lite leaves alone. */
function asText(value: string): string {
  const isNumber = value.trim() !== "" && Number.isFinite(Number(value));
  return WORD.test(value) || (isNumber && String(Number(value)) !== value) ? `"${value}"` : value;
}

/** A parameter as the client meant it. */
export function undisguise(text: string): string {
  return text.replace(DISGUISED, (_, code: string) => String.fromCodePoint(parseInt(code, 16)));
}

function disguise(quoted: string): string {
  return quoted.replace(/\\(.)/gs, "$1")
    .replace(/["\\(){}]/g, (character) => OPEN + character.codePointAt(0)!.toString(16) + CLOSE);
}
