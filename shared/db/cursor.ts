import { fromBase64Url, macKey, toBase64Url } from "../bytes/mod.ts";
import { invalidCursor } from "../errors/mod.ts";

/** What a cursor is bound to: it is good for exactly this list and no other. */
export interface CursorScope {
  /** The list: `flows`, `runs`. */
  readonly list: string;
  /** The organization whose list it is. */
  readonly organizationId: string | null;
  /** The order, as in the query: `-created_at`. */
  readonly sort: string;
  /** The filters, as in the query. */
  readonly filter: Readonly<Record<string, unknown>>;
}

/** Where a page ended: the value of the sort column and the id of its last row. */
export interface CursorPosition {
  readonly value: string | number | boolean;
  readonly id: string;
}

/** A cursor we make is far shorter; anything longer is not ours. */
const MAX_CURSOR_LENGTH = 2_000;

const encoder = new TextEncoder();
/** What the key is for: {@link macKey}. */
const PURPOSE = "list cursor v1";

/**
 * Makes a cursor: the position in the open, and a MAC over position and scope. A cursor cannot be edited, nor used in
 * another organization, with another filter or in another order.
 *
 * @param secret The project's default secret key; the MAC key is derived from it.
 */
export async function signCursor(secret: string, scope: CursorScope, position: CursorPosition): Promise<string> {
  const payload = toBase64Url(encoder.encode(JSON.stringify([position.value, position.id])));
  const mac = await crypto.subtle.sign("HMAC", await macKey(secret, PURPOSE), message(scope, payload));
  return `${payload}.${toBase64Url(new Uint8Array(mac))}`;
}

/**
 * Reads a cursor made by {@link signCursor}.
 *
 * @throws {AppError} `invalid_cursor` for one that was edited, belongs to another list or is no cursor at all.
 */
export async function readCursor(secret: string, scope: CursorScope, cursor: string): Promise<CursorPosition> {
  const match = cursor.length > MAX_CURSOR_LENGTH ? null : /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/.exec(cursor);
  const [, payload, mac] = match ?? [];
  if (payload === undefined || mac === undefined) throw invalidCursor();
  const signature = fromBase64Url(mac);
  const valid = signature !== null &&
    await crypto.subtle.verify("HMAC", await macKey(secret, PURPOSE), signature, message(scope, payload));
  if (!valid) throw invalidCursor();
  // From here on it is our own text.
  const text = new TextDecoder().decode(fromBase64Url(payload) ?? undefined);
  const [value, id] = JSON.parse(text) as [CursorPosition["value"], string];
  return { value, id };
}

// No return type: TypeScript 5.6 (Deno 2.1.4) has no `Uint8Array<ArrayBuffer>`, and TypeScript 6 needs it for WebCrypto.
function message(scope: CursorScope, payload: string) {
  return encoder.encode(
    JSON.stringify([scope.list, scope.organizationId, scope.sort, canonical(scope.filter), payload]),
  );
}

/** The same filters in another order of keys are the same filters; absent ones do not count. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
    .map(([key, item]) => [key, canonical(item)]);
}
