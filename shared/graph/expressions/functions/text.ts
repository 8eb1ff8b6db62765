import { EXPRESSION_LIMITS } from "../../limits.ts";
import type { Json } from "../../types.ts";
import type { Call } from "../call.ts";
import { isObject } from "../../json.ts";
import { asText, characterCount } from "../values.ts";
import { includesValue } from "./collections.ts";
import { defineFunctions } from "./define.ts";

/** Functions on text. Positions and lengths count characters (code points), so that none is ever cut in half. */
export const TEXT_FUNCTIONS = defineFunctions("text", [
  ["upper(text)", "In capitals.", 'upper("Zoë")', "ZOË", (call) => call.text(0).toUpperCase()],
  ["lower(text)", "In small letters.", 'lower("ADA@EXAMPLE.COM")', "ada@example.com", (call) => {
    return call.text(0).toLowerCase();
  }],
  ["trim(text)", "Without white space at both ends.", 'trim("  hello ")', "hello", (call) => call.text(0).trim()],
  [
    "length(value)",
    "The number of characters of a text, of elements of a list or of entries of an object.",
    'length("naïve 😀")',
    7,
    length,
  ],
  [
    "contains(value, part)",
    "Whether a text holds another, or a list holds a value.",
    'contains("invoice-42", "voice")',
    true,
    contains,
  ],
  ["startsWith(text, start)", "Whether the text begins so.", 'startsWith("sk_live_1", "sk_")', true, (call) => {
    return call.text(0).startsWith(call.text(1));
  }],
  ["endsWith(text, end)", "Whether the text ends so.", 'endsWith("report.pdf", ".pdf")', true, (call) => {
    return call.text(0).endsWith(call.text(1));
  }],
  [
    "replace(text, search, replacement)",
    "Every occurrence of `search` replaced. Both are plain text, not patterns.",
    'replace("a-b-c", "-", "+")',
    "a+b+c",
    replace,
  ],
  [
    "split(text, separator)",
    "The pieces between the separators; an empty separator gives the characters.",
    'split("red,green", ",")',
    ["red", "green"],
    split,
  ],
  [
    'join(list, separator = ", ")',
    "The elements as one text. Null reads as nothing, lists and objects as JSON.",
    'join(["a", 1, true], "-")',
    "a-1-true",
    (call) => join(call, call.list(0), call.text(1, ", ")),
  ],
  [
    "substring(text, start, end = length(text))",
    "The characters from `start` (0 is the first) up to, not including, `end`. Negative numbers count from the end.",
    'substring("2026-11-05", 0, 4)',
    "2026",
    substring,
  ],
  [
    'padStart(text, length, fill = " ")',
    "Filled up at the start to a number of characters.",
    'padStart(42, 5, "0")',
    "00042",
    padStart,
  ],
  [
    "concat(…values)",
    "The values written one after another.",
    'concat("order ", 7, "/", null, true)',
    "order 7/true",
    (call) => join(call, call.rest(0), ""),
    { takesNull: true },
  ],
  [
    "urlEncode(text)",
    "Safe as one part of a URL or query.",
    'urlEncode("a b&c=ü")',
    "a%20b%26c%3D%C3%BC",
    // Half a character cannot be encoded: it becomes the replacement character.
    (call) => encodeURIComponent(call.textual(0).toWellFormed()),
  ],
  ["base64Encode(text)", "The UTF-8 bytes of the text in Base64.", 'base64Encode("grüß")', "Z3LDvMOf", base64Encode],
  [
    "base64Decode(text)",
    "The text whose UTF-8 bytes these are, in Base64 or Base64url; null when they are none.",
    'base64Decode("Z3LDvMOf")',
    "grüß",
    base64Decode,
  ],
]);

function length(call: Call): Json {
  const value = call.value(0);
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(call.object(0)).length;
  if (typeof value !== "string") throw call.wrong(0, "text, a list or an object");
  return characterCount(call.text(0));
}

function contains(call: Call): Json {
  return Array.isArray(call.value(0)) ? includesValue(call) : search(call).includes(call.text(1));
}

/** The text to search; the search is charged before it is done. */
function search(call: Call): string {
  const text = call.text(0);
  call.budget.spendSearch(text.length, call.text(1).length, call.at);
  return text;
}

function replace(call: Call): Json {
  const text = search(call);
  const wanted = call.text(1);
  if (wanted === "") throw call.fail("Cannot replace empty text", 1);
  const replacement = call.text(2);
  const pieces = text.split(wanted);
  call.budget.allowText(text.length + (pieces.length - 1) * (replacement.length - wanted.length), call.at);
  return pieces.join(replacement);
}

function split(call: Call): Json {
  const text = search(call);
  const separator = call.text(1);
  // Charged for the most pieces that there can be.
  call.budget.spend(Math.ceil(text.length / Math.max(1, separator.length)), call.at);
  return separator === "" ? [...text] : text.split(separator);
}

function join(call: Call, values: Json[], separator: string): string {
  const texts: string[] = [];
  let total = 0;
  for (const value of values) {
    const text = asText(value, call.budget, call.at);
    total += text.length + (texts.length > 0 ? separator.length : 0);
    call.budget.spend(1, call.at);
    call.budget.limitText(total, call.at);
    texts.push(text);
  }
  call.budget.allowText(total, call.at);
  return texts.join(separator);
}

function substring(call: Call): Json {
  const characters = [...call.text(0)];
  call.budget.spend(characters.length, call.at);
  const most = Number.MAX_SAFE_INTEGER;
  const end = call.value(2) === null ? characters.length : call.integer(2, -most, most);
  return characters.slice(call.integer(1, -most, most), end).join("");
}

function padStart(call: Call): Json {
  const text = call.textual(0);
  const wanted = call.integer(1, 0, EXPRESSION_LIMITS.outputLength);
  const fill = [...call.text(2, " ")];
  const missing = wanted - characterCount(text);
  if (missing <= 0 || fill.length === 0) return text;
  call.budget.spend(missing + fill.length, call.at);
  return Array.from({ length: missing }, (_, index) => fill[index % fill.length]).join("") + text;
}

function base64Encode(call: Call): Json {
  const bytes = new TextEncoder().encode(call.text(0));
  call.budget.allowText(Math.ceil(bytes.length / 3) * 4, call.at);
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function base64Decode(call: Call): Json {
  const text = call.text(0);
  call.budget.allowText(text.length, call.at);
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return decoded.includes("\0") ? null : decoded;
  } catch {
    return null;
  }
}
