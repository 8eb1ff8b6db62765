/**
 * The ways in which a value can come back: as it is, escaped, encoded, in parts.
 *
 * @module
 */
import { toBase64, toHex } from "../bytes/mod.ts";

/** What is shorter is found everywhere: it is not looked for. Characters. */
export const MIN_LENGTH = 4;
/** Parts of a value are looked for by themselves from this length on: they are more often ordinary words. */
const MIN_PART = 6;
/** Lines of a value that are looked for by themselves, and their least length. */
const MIN_LINE = 16;
/** Parts of one value at most. */
const MAX_PARTS = 400;

/** Every text that would give a value away. */
export function formsOf(value: string): Set<string> {
  const forms = new Set<string>();
  for (const part of [value, ...partsOf(value)]) {
    for (const form of encodingsOf(part)) if (form.length >= MIN_LENGTH) forms.add(form);
  }
  return forms;
}

/** What of a value is a secret by itself: its lines, the password of a URL, the texts of a JSON document. */
function partsOf(value: string): Set<string> {
  const parts = new Set<string>();
  const add = (part: string, least: number) => {
    if (part.length >= least && part !== value && parts.size < MAX_PARTS) parts.add(part);
  };
  add(value.trim(), MIN_LENGTH);
  if (/[\r\n]/.test(value)) {
    for (const line of value.split(/[\r\n]+/)) add(line.trim(), MIN_LINE);
    add(value.replaceAll(/[\r\n]+/g, ""), MIN_LINE);
    add(value.replaceAll("\r\n", "\n"), MIN_LENGTH);
  }
  const credentials = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#\s]*)@/.exec(value.trim())?.[1];
  if (credentials !== undefined) {
    const password = credentials.slice(credentials.indexOf(":") + 1);
    add(credentials, MIN_PART);
    add(password, MIN_LENGTH);
    add(decode(password), MIN_LENGTH);
  }
  for (const text of textsIn(value)) add(text, MIN_PART);
  return parts;
}

function textsIn(value: string): string[] {
  if (!/^\s*[[{"]/.test(value)) return [];
  const texts: string[] = [];
  const visit = (item: unknown, depth: number) => {
    if (typeof item === "string") texts.push(item);
    else if (typeof item === "object" && item !== null && depth < 20) {
      for (const inner of Object.values(item)) visit(inner, depth + 1);
    }
  };
  try {
    visit(JSON.parse(value), 0);
  } catch {
    // Not JSON.
  }
  return texts;
}

function encodingsOf(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const inJson = JSON.stringify(text).slice(1, -1);
  const inUrl = percent(bytes, /[A-Za-z0-9._~-]/);
  const hex = toHex(bytes);
  return [
    text,
    inJson,
    JSON.stringify(inJson).slice(1, -1),
    inJson.replaceAll(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
    inJson.replaceAll("/", "\\/"),
    ...bothCases(inUrl),
    ...bothCases(percent(bytes, /[A-Za-z0-9._~!'()*-]/)),
    ...bothCases(new URLSearchParams([["", text.toWellFormed()]]).toString().slice(1)),
    encodeURI(text.toWellFormed()),
    escapeHtml(text),
    hex,
    hex.toUpperCase(),
    ...base64Cores(bytes),
  ];
}

/** The characters of Base64 that depend on nothing but these bytes, for each place they may have among others. */
function base64Cores(bytes: Uint8Array): string[] {
  const cores: string[] = [];
  for (let before = 0; before < 3; before++) {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const encoded = toBase64(padded).replace(/=+$/, "");
    const core = encoded.slice(Math.ceil(before * 8 / 6), Math.floor(padded.length * 8 / 6));
    cores.push(core, core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return cores;
}

function percent(bytes: Uint8Array, open: RegExp): string {
  return Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    return byte < 0x80 && open.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** With the digits of percent signs in capitals, and in small letters. */
function bothCases(text: string): string[] {
  return [text, text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
