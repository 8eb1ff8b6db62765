import type { Env } from "../../shared/env/mod.ts";
import { AppError, RETRY_AFTER_SECONDS } from "../../shared/errors/mod.ts";
import { type Document, type Parts, partsOf, type Site, siteOf } from "./split_document.ts";

/** The OpenAPI document as `api` gives it. */
export interface OpenApiText {
  readonly json: string;
  /** Its ETag. */
  readonly tag: string;
  readonly site: Site;
  readonly parts: Parts;
}

/** A document is taken as it is for this long (milliseconds); then `api` is asked whether it still holds. */
const FRESH_MS = 60_000;

/** `api` may have to start first (milliseconds). */
const TIMEOUT_MS = 10_000;

interface Kept {
  document: OpenApiText | null;
  askedAt: number;
  asking: Promise<OpenApiText> | null;
}

const kept = new WeakMap<Env, Kept>();

/**
 * The OpenAPI document of all functions. It is made by `api`, the only function that knows the others, and kept here.
 * When `api` does not answer, the last document that it gave is good enough.
 *
 * @throws {AppError} `service_unavailable` when there never was one.
 */
export async function fetchDocument(env: Env): Promise<OpenApiText> {
  const state = stateOf(env);
  if (state.document !== null && performance.now() - state.askedAt < FRESH_MS) return state.document;
  state.asking ??= ask(env, state).finally(() => state.asking = null);
  return await state.asking;
}

function stateOf(env: Env): Kept {
  let state = kept.get(env);
  if (state === undefined) {
    state = { document: null, askedAt: 0, asking: null };
    kept.set(env, state);
  }
  return state;
}

async function ask(env: Env, state: Kept): Promise<OpenApiText> {
  try {
    state.document = await request(env, state.document);
  } catch (cause) {
    if (state.document === null) throw unavailable(cause);
  }
  state.askedAt = performance.now();
  return state.document;
}

async function request(env: Env, known: OpenApiText | null): Promise<OpenApiText> {
  const response = await fetch(`${env.supabaseUrl}/functions/v1/api/v1/openapi.json`, {
    headers: known === null ? {} : { "If-None-Match": known.tag },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 304 && known !== null) {
    await response.body?.cancel();
    return known;
  }
  const json = await response.text();
  if (!response.ok) throw new Error(`The function api answered ${response.status}`);
  // Another service at this address may answer 200 with whatever it likes.
  const parsed = JSON.parse(json) as Partial<Document> | null;
  if (typeof parsed?.openapi !== "string" || typeof parsed.info !== "object") {
    throw new Error("The function api answered with no OpenAPI document");
  }
  const document = parsed as Document;
  const tag = (response.headers.get("etag") ?? `"${json.length}"`).replace(/^W\//, "");
  return { json, tag, site: siteOf(document), parts: partsOf(document) };
}

function unavailable(cause: unknown): AppError {
  return new AppError("service_unavailable", {
    detail: "The function api, which makes the document, does not answer: is it deployed?",
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
    cause,
  });
}
