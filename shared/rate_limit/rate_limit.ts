import { type AppError, rateLimited } from "../errors/mod.ts";

/** The answer of the rate limiter in the database (`private.take_request_tokens`, `private.take_tokens`). */
export interface RateAnswer {
  /** Whether the request may go on. */
  readonly allowed: boolean;
  /** How many requests the bucket holds when full. */
  readonly limit: number;
  /** The window of the limit, in seconds. */
  readonly window_seconds: number;
  /** How many requests are left right now. */
  readonly remaining: number;
  /** Seconds until the bucket is full again. */
  readonly reset_seconds: number;
  /** Seconds to wait before the next request; 0 when allowed. */
  readonly retry_after_seconds: number;
  /** The bucket that decided, the tightest of the request's; absent where there was only one. */
  readonly name?: string;
  /** Whether four fifths of the bucket are gone. */
  readonly warning?: boolean;
  /** Whether nothing passes until the retry, because the caller went on in spite of refusals. */
  readonly blocked?: boolean;
}

/**
 * The headers that tell a caller about its limit, in the form of
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (quota `q` and window `w` in seconds; what
 * remains `r` and the seconds `t` until it is full again).
 *
 * `X-RateLimit-Warning` comes when four fifths are gone: slow down now, and there will be no 429.
 *
 * @param rate The limiter's answer.
 * @param policy The name of the limit where the answer has none: the route class.
 */
export function rateLimitHeaders(rate: RateAnswer, policy: string): Record<string, string> {
  const name = rate.name ?? policy;
  return {
    ...(rate.warning === true
      ? { "X-RateLimit-Warning": `"${name}" has ${rate.remaining} of ${rate.limit} requests left` }
      : {}),
    "RateLimit-Policy": `"${name}";q=${rate.limit};w=${rate.window_seconds}`,
    "RateLimit": `"${name}";r=${Math.max(0, rate.remaining)};t=${Math.max(0, Math.ceil(rate.reset_seconds))}`,
  };
}

/**
 * The 429 for a request that was not allowed, with `Retry-After`; undefined for one that was.
 */
export function rateLimitError(rate: RateAnswer): AppError | undefined {
  return rate.allowed ? undefined : rateLimited(rate.retry_after_seconds);
}
