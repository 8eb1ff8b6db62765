/**
 * Requests on their way to lite.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { LiteConnection } from "./database.ts";
import { disguiseFilters } from "./lite_filters.ts";

/**
 * A request for lite: with filters that it reads as PostgREST does, and with its body in memory, because lite must not
 * wait for a slow client while it holds PGlite's one connection.
 */
export async function bufferRequest(request: Request, body?: BodyInit): Promise<Request> {
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  return new Request(disguiseFilters(request.url), {
    method: request.method,
    headers: request.headers,
    ...(hasBody ? { body: body ?? await request.arrayBuffer() } : {}),
  });
}

/**
 * Prepares a call of a database function. PostgREST reads an argument of type `json` or `jsonb` as JSON, so the JSON
 * text `"hello"` is a JSON string; lite hands `hello` to Postgres, which is no JSON.
 *
 * @returns the body to send instead, or undefined when it is fine
 */
export async function repairRpcBody(connection: LiteConnection, request: Request): Promise<string | undefined> {
  const name = /^\/rest\/v1\/rpc\/([^/]+)$/.exec(new URL(request.url).pathname)?.[1];
  if (!name || request.method !== "POST" || !request.headers.get("content-type")?.includes("json")) return undefined;
  const text = await request.clone().text();
  const args = parseObject(text);
  if (!args) return undefined;
  const schema = request.headers.get("content-profile") ?? "public";
  const { functions } = await connection.introspect({ useCache: true });
  const strings = new Set<string>();
  for (const candidate of functions ?? []) {
    if (candidate.name !== name || candidate.schema !== schema) continue;
    candidate.arg_names.forEach((argument, index) => {
      const isJson = ["json", "jsonb"].includes(candidate.arg_types[index] ?? "");
      if (isJson && typeof args[argument] === "string") strings.add(argument);
    });
  }
  for (const argument of strings) args[argument] = JSON.stringify(args[argument]);
  return strings.size ? JSON.stringify(args) : undefined;
}

/**
 * Prepares an upload. supabase-js sends the file in a form field without a name, which Deno's parser drops; lite looks
 * for a field named `file`.
 *
 * @returns the body to send instead, or undefined when it is fine
 */
export async function repairUploadBody(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isUpload = new URL(request.url).pathname.startsWith("/storage/v1/object/") &&
    request.headers.get("content-type")?.startsWith("multipart/form-data");
  if (!isUpload) return undefined;
  const body = Buffer.from(await request.clone().arrayBuffer());
  const unnamed = 'form-data; name=""';
  const at = body.indexOf(unnamed);
  if (at < 0) return undefined;
  const parts = [body.subarray(0, at), Buffer.from('form-data; name="file"'), body.subarray(at + unnamed.length)];
  return new Uint8Array(Buffer.concat(parts));
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
