/**
 * Stand-in for Supabase Realtime: channels over WebSocket with broadcast and presence, private ones authorized by row
 * level security, and broadcasts from the database. No `postgres_changes`, no replay.
 *
 * @module
 */
import type { LocalDatabase } from "./database.ts";
import type { ProjectKeys } from "./keys.ts";
import { AccessError, type Caller, callerOf, keyHolder, mayWrite } from "./realtime_access.ts";
import type { RealtimeContext } from "./realtime_channel.ts";
import { deliverMessages } from "./realtime_delivery.ts";
import { isRecord } from "./realtime_frames.ts";
import { RealtimeHub } from "./realtime_hub.ts";
import { serveSocket } from "./realtime_socket.ts";

/** What {@linkcode startRealtime} needs. */
export interface RealtimeOptions {
  database: LocalDatabase;
  keys: ProjectKeys;
}

/** A running Realtime. */
export interface Realtime {
  /** Answers a request below `/realtime/v1`. */
  fetch(request: Request): Promise<Response>;
  /** Closes every connection. */
  stop(): Promise<void>;
}

/** A message as `POST /realtime/v1/api/broadcast` takes it. */
interface PostedMessage {
  topic: string;
  event: string;
  payload: unknown;
  private: boolean;
}

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, apikey, content-type, x-client-info",
  "access-control-allow-methods": "POST, OPTIONS",
};
/** Bytes of a request. */
const MAX_BODY = 3_000_000;

/** Starts it. */
export async function startRealtime({ database, keys }: RealtimeOptions): Promise<Realtime> {
  const context: RealtimeContext = { executor: database.executor, keys, hub: new RealtimeHub() };
  const sockets = new Set<WebSocket>();
  const delivery = await deliverMessages(database, context.hub);
  return {
    async fetch(request) {
      const url = new URL(request.url);
      const path = url.pathname.replace("/realtime/v1", "");
      if (request.method === "OPTIONS") return answer(204);
      const key = request.headers.get("apikey") ?? url.searchParams.get("apikey");
      const holder = keyHolder(keys, key);
      if (holder === null) return answer(401, { message: "Invalid API key" });
      if (path === "/websocket") return openSocket(context, request, holder, sockets);
      if (path.startsWith("/api/broadcast") && request.method === "POST") {
        return await postBroadcast(context, request, path.slice("/api/broadcast".length), holder);
      }
      return answer(404, { message: "Not found" });
    },
    async stop() {
      for (const socket of sockets) socket.close(1001, "The local stack stops");
      await delivery.stop();
    },
  };
}

function openSocket(
  context: RealtimeContext,
  request: Request,
  holder: Caller,
  sockets: Set<WebSocket>,
): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return answer(426, { message: "Expected a WebSocket" });
  }
  const version = new URL(request.url).searchParams.get("vsn") === "2.0.0" ? "2.0.0" : "1.0.0";
  // The clients tell that they are there by heartbeats every 25 s.
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 60 });
  sockets.add(socket);
  serveSocket(context, { socket, version, holder, onEnd: () => sockets.delete(socket) });
  return response;
}

/** `POST /api/broadcast` with a batch, or `POST /api/broadcast/<topic>/events/<event>` with one payload. */
async function postBroadcast(
  { executor, keys, hub }: RealtimeContext,
  request: Request,
  path: string,
  holder: Caller,
): Promise<Response> {
  let caller: Caller;
  try {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    caller = await callerOf(token, holder, keys);
  } catch (error) {
    if (error instanceof AccessError) return answer(401, { message: error.message });
    throw error;
  }
  const messages = await readMessages(request, path);
  if (messages === null) return answer(422, { errors: { messages: ["is invalid"] } });
  for (const { topic, event, payload, private: isPrivate } of messages) {
    // As hosted: a message that the caller may not send is dropped without a word.
    if (isPrivate && !await mayWrite(executor, caller, topic, "broadcast")) continue;
    hub.broadcast(RealtimeHub.room(topic, isPrivate), { type: "broadcast", event, payload });
  }
  return answer(202);
}

async function readMessages(request: Request, path: string): Promise<PostedMessage[] | null> {
  const bytes = await request.bytes();
  if (bytes.length > MAX_BODY) return null;
  const single = /^\/([^/]+)\/events\/([^/]+)$/.exec(path);
  const isBinary = request.headers.get("content-type")?.startsWith("application/octet-stream") ?? false;
  try {
    const body: unknown = isBinary ? bytes : JSON.parse(new TextDecoder().decode(bytes));
    if (single) {
      const [topic = "", event = ""] = single.slice(1).map(decodeURIComponent);
      const isPrivate = new URL(request.url).searchParams.get("private") === "true";
      return [{ topic, event, payload: body, private: isPrivate }];
    }
    if (path !== "" || !isRecord(body) || !Array.isArray(body.messages)) return null;
    return body.messages.every(isMessage)
      ? body.messages.map((message) => ({ ...message, private: message.private === true }))
      : null;
  } catch {
    return null;
  }
}

function isMessage(value: unknown): value is PostedMessage {
  return isRecord(value) && typeof value.topic === "string" && value.topic !== "" && typeof value.event === "string" &&
    value.payload !== undefined;
}

function answer(status: number, body?: Record<string, unknown>): Response {
  return body ? Response.json(body, { status, headers: CORS }) : new Response(null, { status, headers: CORS });
}
