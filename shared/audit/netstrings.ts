const encoder = new TextEncoder();
const decoder = new TextDecoder();

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
 * Takes netstrings apart.
 *
 * @returns The fields, or null when the text is anything else.
 */
export function readNetstrings(text: string): (string | null)[] | null {
  const bytes = encoder.encode(text);
  const fields: (string | null)[] = [];
  for (let at = 0; at < bytes.length;) {
    const colon = bytes.indexOf(0x3a, at);
    const length = decoder.decode(bytes.subarray(at, colon < 0 ? at : colon));
    if (colon < 0 || !/^(?:0|[1-9]\d{0,8})?$/.test(length)) return null;
    const end = colon + 1 + Number(length);
    if (bytes[end] !== 0x2c) return null;
    fields.push(length === "" ? null : decoder.decode(bytes.subarray(colon + 1, end)));
    at = end + 1;
  }
  return fields;
}
