/**
 * Keeps secrets and personal data out of the log. One pass over the value that is to be logged, by field name and by
 * the look of the text.
 *
 * `@logtape/redaction` was the alternative: its newest release is one minor version behind the LogTape we use, it
 * rewrites the finished text once for every pattern, and it knows none of our own key formats.
 *
 * @module
 */

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";

/** Field names whose value never appears, whatever it looks like. Compared in lower case without `-` and `_`. */
const SECRET_FIELDS =
  /^(?:authorization|proxyauthorization|cookie|setcookie|apikey|xapikey|password|passwd|secret|secrets|secretkey|privatekey|clientsecret|token|accesstoken|refreshtoken|idtoken|jwt|credential|credentials|signature|dsn|databaseurl|connectionstring)$|(?:secret|password|apikey|signature)$/;

/** Text that is a secret wherever it stands. One expression, so that a text is walked once. */
const SECRET_TEXT = new RegExp(
  [
    // Keys of Supabase, of ours, of webhooks, Stripe, Resend.
    String
      .raw`\b(?:sb_secret_|sb_publishable_|mr_live_|mr_test_|whsec_|sk_live_|sk_test_|rk_live_|rk_test_|re_)[A-Za-z0-9_+/=-]{4,}`,
    // JSON Web Tokens.
    String.raw`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`,
    // Credentials of an Authorization header, and those inside a URL.
    String.raw`\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}`,
    String.raw`(?<=:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)`,
  ].join("|"),
  "g",
);

const EMAIL = /\b[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?=[A-Za-z0-9.-]{3,255}\b)/g;

/** Deeper than this nobody reads a log. */
const MAX_DEPTH = 8;
/** More entries of one list or object than this are left out. */
const MAX_ENTRIES = 100;
/** Longer texts are cut. */
const MAX_TEXT = 2_000;
/** What is looked at for that: more, so that no secret is cut in two and then not known for one. */
const MAX_SEARCHED_TEXT = 20_000;

/** A text without the secrets in it; all else stays: for readers who may see personal data. */
export function redactSecrets(text: string): string {
  return text.replace(SECRET_TEXT, REDACTED);
}

/** A text without the secrets in it; the name part of e-mail addresses is hidden, the domain stays. */
export function redactText(text: string): string {
  const clean = text.slice(0, MAX_SEARCHED_TEXT).replace(SECRET_TEXT, REDACTED).replace(EMAIL, "***@");
  return text.length > MAX_TEXT ? `${clean.slice(0, MAX_TEXT)}… (${text.length} characters)` : clean;
}

/**
 * A copy of any value that is safe to log and to turn into JSON: secrets out, errors spelled out, big integers as
 * text, cycles and functions named, everything bounded. Never throws.
 */
export function redact(value: unknown): unknown {
  try {
    return redactValue(value, 0, new Set());
  } catch {
    // A getter or a proxy that throws: the line matters more than this value.
    return "[unreadable]";
  }
}

function redactValue(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return `[${typeof value}]`;
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[deep]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  above.add(value);
  const copy = value instanceof Error ? describeError(value, depth, above) : redactEntries(value, depth, above);
  above.delete(value);
  return copy;
}

function redactEntries(value: object, depth: number, above: Set<object>): unknown {
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ENTRIES).map((item) => redactValue(item, depth + 1, above));
    if (value.length > MAX_ENTRIES) items.push(`… (${value.length} items)`);
    return items;
  }
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).slice(0, MAX_ENTRIES)) {
    copy[key] = isSecretField(key) && item !== null && item !== undefined
      ? REDACTED
      : redactValue(item, depth + 1, above);
  }
  return copy;
}

/** Name, message, code, stack and causes: what a thrown error says about itself. */
function describeError(error: Error, depth: number, above: Set<object>): Record<string, unknown> {
  const { code, details, hint } = error as { code?: unknown; details?: unknown; hint?: unknown };
  return {
    name: error.name,
    message: redactText(error.message),
    ...(code === undefined ? {} : { code: redactValue(code, depth + 1, above) }),
    ...(details === undefined ? {} : { details: redactValue(details, depth + 1, above) }),
    ...(hint === undefined ? {} : { hint: redactValue(hint, depth + 1, above) }),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1, above) }),
  };
}

/** Whether a field of this name is a secret whatever it looks like. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELDS.test(name.toLowerCase().replaceAll(/[-_]/g, ""));
}
