const encoder = new TextEncoder();

/**
 * Joins fields so that they can be told apart again: `length:text,` each, the length in bytes of UTF-8; of null
 * neither length nor text. What everything in the audit log that is hashed or signed is written in.
 * https://cr.yp.to/proto/netstrings.txt
 *
 * @param fields The fields.
 */
export function netstrings(...fields: readonly (string | null)[]): string {
  return fields.map((field) => field === null ? ":," : `${encoder.encode(field).length}:${field},`).join("");
}

/**
 * Takes netstrings of ASCII text apart.
 *
 * @returns The fields, or null when the text is anything else.
 */
export function readNetstrings(text: string): string[] | null {
  const fields: string[] = [];
  for (let at = 0; at < text.length;) {
    const colon = text.indexOf(":", at);
    const length = text.slice(at, colon);
    if (colon < 0 || !/^(?:0|[1-9]\d{0,5})$/.test(length)) return null;
    const end = colon + 1 + Number(length);
    if (text[end] !== ",") return null;
    fields.push(text.slice(colon + 1, end));
    at = end + 1;
  }
  return fields;
}
