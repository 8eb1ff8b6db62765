import type { Context } from "hono";
import type { CacheOutcome, Loaded, ReplyCache, ReplyRequest } from "../cache/mod.ts";
import { contentTag, isNotModified, tagOfOrigin } from "./etag.ts";
import type { RouteCache, RouteDefinition } from "./route.ts";
import { type RequestState, stateOf, versionOf } from "./_state.ts";
import { waitUntil } from "./wait_until.ts";

/** Where the reply to a request is kept, and what by. */
export interface CachePlace {
  readonly cache: RouteCache;
  readonly replies: ReplyCache;
  readonly key: string;
  readonly stamp: string;
}

/** What `Cache-Status` (RFC 9211) says of an outcome. */
const CACHE_STATUS: Readonly<Record<CacheOutcome | "matched", string>> = {
  hit: "millrace; hit",
  stale: "millrace; hit; detail=stale",
  matched: "millrace; hit; detail=generation",
  joined: "millrace; fwd=miss; collapsed",
  miss: "millrace; fwd=miss",
};

/** The kind of things whose generation the gate is asked for; null = none. */
export function generationKind({ cache }: Pick<RouteDefinition, "cache">): string | null {
  return cache === undefined || cache.kind === "static" ? null : cache.kind;
}

/**
 * Where the reply to a request is kept; null when it is not. The key says what is asked for and by whom, so that nobody
 * ever gets what was made for another; the stamp all that the gate says of them and that the reply may depend on.
 */
export function placeOf(c: Context, { cache, operationId }: RouteDefinition): CachePlace | null {
  const state = stateOf(c.req.raw);
  const { replies, release } = state.runtime;
  if (cache === undefined || replies === null) return null;
  const { pathname, search } = new URL(c.req.url);
  const what = `${operationId} ${pathname}${search} ${versionOf(state).version}`;
  const { gate } = state;
  // Cursors are bound to the organization, also those of lists that are the same for everybody.
  if (cache.kind === "static") return { cache, replies, key: `${what} ${gate?.organization_id ?? ""}`, stamp: release };
  // Operators do without a gate, and a database that is older than this code knows no generations.
  if (typeof gate?.generation !== "string") return null;
  const { organization_id, key, user_id, generation, role, permissions, plan, limits, flags } = gate;
  const who = key === null || key === undefined ? `user ${user_id}` : `key ${key.id}`;
  const seen = JSON.stringify([role, permissions, plan, limits, flags]);
  return { cache, replies, key: `${what} ${organization_id} ${who}`, stamp: `${release} ${generation} ${seen}` };
}

/**
 * What names all that a reply was made of: whoever has it need not be sent it, nor need it be fetched to know that.
 * As a tag, with its quotes.
 */
export function originOf({ key, stamp }: CachePlace): Promise<string> {
  return contentTag(`${key}\n${stamp}`);
}

/**
 * Answers from what is kept, or with what `load` fetches.
 *
 * @param load Fetches the reply; its tag is that of {@link originOf} and its content.
 */
export async function answerKept(c: Context, place: CachePlace, load: () => Promise<Loaded>): Promise<Response> {
  const state = stateOf(c.req.raw);
  const { key, stamp, cache: policy, replies } = place;
  const request: ReplyRequest = { key, stamp, policy, load, behind: waitUntil };
  // What throws was no hit.
  state.cacheOutcome = "miss";
  let found = replies.look(request);
  if (found === undefined) {
    const tag = await matchedTag(c, place);
    if (tag !== undefined) {
      setCacheHeaders(c, place, state, "matched");
      return c.body(null, 304, { ETag: tag });
    }
    found = await replies.fetch(request);
  }
  const { reply, outcome } = found;
  setCacheHeaders(c, place, state, outcome);
  const headers = { ...reply.headers, ETag: reply.tag };
  if (isNotModified(c, reply.tag)) return c.body(null, 304, headers);
  return c.body(reply.body, 200, { ...headers, "Content-Type": "application/json" });
}

async function matchedTag(c: Context, place: CachePlace): Promise<string | undefined> {
  const header = c.req.header("if-none-match");
  return header === undefined || !header.includes(".") ? undefined : tagOfOrigin(header, await originOf(place));
}

function setCacheHeaders(
  c: Context,
  { cache }: CachePlace,
  state: RequestState,
  outcome: CacheOutcome | "matched",
): void {
  state.cacheOutcome = outcome;
  c.header("Cache-Status", CACHE_STATUS[outcome]);
  if (cache.kind !== "static") return c.header("Cache-Control", "private, max-age=0, must-revalidate");
  const { maxAgeSeconds, staleWhileRevalidateSeconds = 0 } = cache;
  c.header("Cache-Control", `public, max-age=${maxAgeSeconds}, stale-while-revalidate=${staleWhileRevalidateSeconds}`);
  // Who may ask, which version they are pinned to, and whose the cursors are.
  c.header("Vary", "Authorization, apikey, X-Api-Key, X-Organization-Id, Millrace-Version");
}
