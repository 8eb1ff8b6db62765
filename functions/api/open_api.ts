import { toHex } from "../../shared/bytes/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { type OpenApiDocument, openApiDocument, type Router } from "../../shared/http/mod.ts";
import { completeDocument } from "./complete_document.ts";
import { guide } from "./guide.ts";
import { TAGS } from "./tags.ts";
import { FUNCTIONS } from "./mounts.ts";
import { VERSION } from "./schemas.ts";

/** The document as it is sent. */
export interface RenderedDocument {
  readonly json: string;
  /** Changes with every change of the document. */
  readonly tag: string;
}

const rendered = new WeakMap<Env, Promise<RenderedDocument>>();

/** The document of all functions, made once per isolate. */
export function renderDocument(env: Env): Promise<RenderedDocument> {
  let document = rendered.get(env);
  if (document === undefined) {
    document = render(env);
    rendered.set(env, document);
    // A failure is not kept: the next request tries again.
    document.catch(() => rendered.delete(env));
  }
  return document;
}

async function render(env: Env): Promise<RenderedDocument> {
  const json = JSON.stringify(await makeDocument(env.functionsUrl));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(json)));
  return { json, tag: `"${toHex(digest.slice(0, 12))}"` };
}

/**
 * Merges what every router says.
 *
 * @param functionsUrl Where the functions answer.
 */
export async function makeDocument(functionsUrl: string): Promise<OpenApiDocument> {
  const document = await openApiDocument(await loadRouters(), {
    title: "Millrace",
    version: VERSION,
    description: guide(functionsUrl),
    servers: [
      { url: functionsUrl, description: "Each function under its own name" },
      { url: `${functionsUrl}/api/v1`, description: "All of them under one, but `api`, `docs` and `worker`" },
    ],
  });
  return await completeDocument({ ...document, tags: TAGS.map((tag) => ({ ...tag })) });
}

/** The routers of all functions: those that are mounted, and those that answer under their own names only. */
export async function loadRouters(): Promise<Router[]> {
  const worker = async (): Promise<Router> => (await import("../worker/router.ts")).router;
  const docs = async (): Promise<Router> => (await import("../docs/router.ts")).router;
  const api = async (): Promise<Router> => (await import("./router.ts")).router;
  return await Promise.all([...Object.values(FUNCTIONS), worker, docs, api].map((load) => load()));
}
