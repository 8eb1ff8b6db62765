import { LocalLimiter, rateLimitError, rateLimitHeaders } from "../rate_limit/mod.ts";
import { outsideAddress } from "./_outside_address.ts";
import type { AppRuntime, RequestState } from "./_state.ts";

/** Per address and isolate: what nobody asks for by hand, and a page with its documents stays below. */
const LIMIT = { limit: 300, windowSeconds: 60, burst: 100, name: "address" } as const;

const limiters = new WeakMap<AppRuntime, LocalLimiter>();

/**
 * Takes a token for the address of a request that no credential vouches for. In the memory of the isolate: such a request
 * reaches no database, and asking one would cost more than the request. Nothing is taken where the address is not known or the platform's own.
 *
 * @throws {AppError} `rate_limited`.
 */
export function takeAddressToken(state: RequestState): void {
  const ip = outsideAddress(state.ip);
  if (ip === null) return;
  let limiter = limiters.get(state.runtime);
  if (limiter === undefined) {
    limiter = new LocalLimiter(LIMIT);
    limiters.set(state.runtime, limiter);
  }
  const rate = limiter.take(clientOf(ip), Date.now());
  Object.assign(state.headers, rateLimitHeaders(rate, LIMIT.name));
  const refused = rateLimitError(rate);
  if (refused !== undefined) throw refused;
}

/** Whoever has one address of IPv6 has a whole /64 of them. */
function clientOf(ip: string): string {
  if (!ip.includes(":")) return ip;
  const [head = "", tail] = ip.split("::");
  const left = head === "" ? [] : head.split(":");
  if (tail === undefined) return left.slice(0, 4).join(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return [...left, ...zeros, ...right].slice(0, 4).map((part) => part.replace(/^0+(?=.)/, "")).join(":");
}
