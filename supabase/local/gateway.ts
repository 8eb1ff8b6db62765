/**
 * The one address of the local project, with the paths of a hosted one.
 *
 * @module
 */
import { isProjectToken, type TokenOptions } from "./access_tokens.ts";
import { withHostedTokens } from "./auth_replies.ts";
import type { ProjectConfig } from "./config.ts";
import { DatabaseTimeoutError, type LocalDatabase } from "./database.ts";
import type { FunctionsHost } from "./functions_host.ts";
import type { ProjectKeys } from "./keys.ts";
import { bufferRequest, repairRpcBody, repairUploadBody } from "./lite_requests.ts";
import type { Realtime } from "./realtime.ts";

/** Options of {@linkcode createGateway}. */
export interface GatewayOptions {
  /** The Data API, Auth and Storage. */
  app: { fetch(request: Request, context?: { peerAddress: string | null }): Promise<Response> };
  database: LocalDatabase;
  functions: FunctionsHost;
  /** Null when the database has a Realtime of its own; absent = there is none. */
  realtime?: Realtime | null;
  keys: ProjectKeys;
  config: ProjectConfig;
  /** The gateway's own address, without a slash at the end. */
  url: string;
}

/** Answers a request; `peerAddress` is the address of the socket it came by. */
export type Gateway = (request: Request, peerAddress: string) => Promise<Response>;

/** Headers that only a proxy may set: whatever a client sends in them is dropped. */
const PROXY_HEADERS = /^(x-forwarded-.*|forwarded|x-real-ip|x-client-ip|true-client-ip|cf-.*|sb-.*)$/;
/** Headers that belong to one connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const CONNECTION_HEADERS = new Set(["connection", "keep-alive", "te", "trailer", "upgrade", "proxy-connection"]);

/** Builds the function that answers every request to the project. */
export function createGateway({ app, database, functions, realtime, keys, config, url }: GatewayOptions): Gateway {
  const tokens: TokenOptions = {
    keys,
    issuer: `${url}/auth/v1`,
    executor: database.executor,
    hook: config.auth.tokenHook,
  };
  const lite = async (request: Request, peerAddress: string): Promise<Response> => {
    const buffered = await bufferRequest(request);
    const body = await repairRpcBody(database.connection, buffered) ?? await repairUploadBody(buffered);
    const final = body === undefined ? buffered : await bufferRequest(buffered, body);
    try {
      return await database.exclusively(() => app.fetch(final, { peerAddress }));
    } catch (error) {
      if (!(error instanceof DatabaseTimeoutError)) throw error;
      return reply(503, { code: "PGRST002", message: error.message, details: null, hint: null }, {
        "retry-after": "1",
      });
    }
  };

  return async (request, peerAddress) => {
    const { pathname } = new URL(request.url);
    const [service, version, slug] = pathname.split("/").slice(1);
    switch (version === "v1" ? service : undefined) {
      case "rest":
      case "storage":
        return await lite(request, peerAddress);
      case "auth":
        return await withHostedTokens(await lite(request, peerAddress), tokens);
      case "functions":
        return await callFunction(request, slug ?? "", peerAddress, { functions, keys, config });
      case "realtime":
        return await realtime?.fetch(request) ??
          problem(501, "not_implemented", "This database has a Realtime of its own: connect to that");
      default:
        return problem(
          404,
          "not_found",
          "Paths begin with /rest/v1, /auth/v1, /storage/v1, /functions/v1 or /realtime/v1",
        );
    }
  };
}

async function callFunction(
  request: Request,
  slug: string,
  peerAddress: string,
  { functions, keys, config }: Pick<GatewayOptions, "functions" | "keys" | "config">,
): Promise<Response> {
  if (!functions.has(slug)) {
    return reply(404, { code: "NOT_FOUND", message: "Requested function was not found" });
  }
  if (config.verifyJwt.get(slug) !== false && request.method !== "OPTIONS") {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (!token) return reply(401, { code: 401, message: "Missing authorization header" });
    if (!await isProjectToken(token, keys)) return reply(401, { code: 401, message: "Invalid JWT" });
  }
  const target = new URL(request.url);
  target.pathname = target.pathname.replace(/^\/functions\/v1/, "");
  const init: RequestInit = {
    method: request.method,
    headers: forwardedHeaders(request, peerAddress),
    body: request.body,
    signal: request.signal,
  };
  try {
    return await functions.fetch(new Request(target, init));
  } catch (error) {
    if (request.signal.aborted) throw error;
    return reply(502, { code: "WORKER_ERROR", message: "Function exited before it answered (please check logs)" });
  }
}

function forwardedHeaders(request: Request, peerAddress: string): Headers {
  const headers = new Headers();
  for (const [name, value] of request.headers) {
    if (!PROXY_HEADERS.test(name) && !CONNECTION_HEADERS.has(name)) headers.append(name, value);
  }
  const { host, port, protocol } = new URL(request.url);
  headers.set("x-forwarded-for", peerAddress);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-port", port || "80");
  headers.set("x-forwarded-proto", protocol.slice(0, -1));
  return headers;
}

function reply(status: number, body: Record<string, unknown>, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "access-control-allow-origin": "*", ...headers } });
}

function problem(status: number, code: string, detail: string): Response {
  return Response.json({ type: `urn:millrace:error:${code}`, title: code, status, code, detail }, {
    status,
    headers: { "content-type": "application/problem+json", "access-control-allow-origin": "*" },
  });
}
