/** One change that older callers need not see. */
export interface ApiChange {
  /** What changed, for the change log. */
  readonly description: string;
  /** The operations that it is about. */
  readonly operations: readonly string[];
  /** Turns the query of an older caller into the present one, in place. */
  readonly query?: (query: URLSearchParams) => void;
  /** Turns a present answer into the older one: a new value, the given one stays. */
  readonly reply?: (body: unknown) => unknown;
}

/** A version of the API. */
export interface ApiVersion {
  /** The day it came: `2026-11-21`. */
  readonly version: string;
  /** What it is about, in a few words. */
  readonly title: string;
  readonly changes: readonly ApiChange[];
  /** Since when callers are told to leave it, ISO 8601. */
  readonly deprecatedAt?: string;
  /** When it stops being answered, ISO 8601. */
  readonly sunsetAt?: string;
}
