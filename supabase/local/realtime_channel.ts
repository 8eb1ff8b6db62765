/**
 * One topic that one connection has joined.
 *
 * @module
 */
import { AccessError, type Caller, callerOf, expired, mayRead, mayWrite } from "./realtime_access.ts";
import { isRecord } from "./realtime_frames.ts";
import { type Member, RealtimeHub } from "./realtime_hub.ts";
import type { ProjectKeys } from "./keys.ts";
import type { SqlExecutor } from "./sql_executor.ts";

/** What all connections share. */
export interface RealtimeContext {
  executor: SqlExecutor;
  keys: ProjectKeys;
  hub: RealtimeHub;
}

/** What a channel is opened with. */
export interface ChannelOptions {
  /** Without `realtime:`. */
  topic: string;
  /** Who opened the connection. */
  holder: Caller;
  /** The payload of `phx_join`. */
  join: Record<string, unknown>;
  push(event: string, payload: Record<string, unknown>): void;
  /** Tells the connection that the channel ends by itself. */
  end(): void;
}

/** An answer to a message; null = none is given. */
export type Reply = { status: "ok" | "error"; response: Record<string, unknown> } | null;

const OK: Reply = { status: "ok", response: {} };
/** The longest that `setTimeout` can wait, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A joined channel: see {@linkcode RealtimeChannel.open}. */
export class RealtimeChannel implements Member {
  seesPresence = false;
  readonly #context: RealtimeContext;
  readonly #options: ChannelOptions;
  readonly #isPrivate: boolean;
  readonly #room: string;
  readonly #echoes: boolean;
  readonly #acknowledges: boolean;
  readonly #presenceKey: string;
  #caller: Caller;
  #token: unknown;
  #reads = { broadcast: true, presence: true };
  /** What was asked of the policies already; forgotten with a new token. */
  #writes: { broadcast?: boolean; presence?: boolean } = {};
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #tracked = "";

  private constructor(context: RealtimeContext, options: ChannelOptions, caller: Caller) {
    const config = recordOf(options.join.config);
    const { self, ack } = recordOf(config.broadcast);
    const { key } = recordOf(config.presence);
    this.#context = context;
    this.#options = options;
    this.#caller = caller;
    this.#token = options.join.access_token;
    this.#isPrivate = config.private === true;
    this.#room = RealtimeHub.room(options.topic, this.#isPrivate);
    this.#echoes = self === true;
    this.#acknowledges = ack === true;
    this.#presenceKey = typeof key === "string" && key !== "" ? key : crypto.randomUUID();
  }

  /**
   * Joins a topic.
   *
   * @throws AccessError when the token is refused or the caller may not read the topic
   */
  static async open(context: RealtimeContext, options: ChannelOptions): Promise<RealtimeChannel> {
    const caller = await callerOf(options.join.access_token, options.holder, context.keys);
    const channel = new RealtimeChannel(context, options, caller);
    await channel.#authorize();
    context.hub.join(channel.#room, channel);
    return channel;
  }

  /** What follows the answer to the join. */
  opened(): void {
    if (recordOf(recordOf(this.#options.join.config).presence).enabled === true) this.#showPresence();
  }

  /** Leaves the topic. */
  close(): void {
    clearTimeout(this.#expiry);
    this.#context.hub.leave(this.#room, this);
  }

  push(event: string, payload: Record<string, unknown>): void {
    if (event !== "broadcast" || this.#reads.broadcast) this.#options.push(event, payload);
  }

  /** Takes a message of the client. */
  async take(event: string, payload: Record<string, unknown>): Promise<Reply> {
    switch (event) {
      case "broadcast":
        return await this.#broadcast(payload);
      case "presence":
        return await this.#presence(payload);
      case "access_token":
        await this.#renew(payload.access_token);
        return null;
      default:
        return null;
    }
  }

  async #broadcast({ event, payload }: Record<string, unknown>): Promise<Reply> {
    // As hosted: whoever may not send gets no answer at all.
    if (!await this.#mayWrite("broadcast")) return null;
    const message = { type: "broadcast" as const, event: String(event ?? ""), payload: payload ?? {} };
    this.#context.hub.broadcast(this.#room, message, this.#echoes ? undefined : this);
    return this.#acknowledges ? OK : null;
  }

  async #presence({ event, payload }: Record<string, unknown>): Promise<Reply> {
    const { hub } = this.#context;
    switch (String(event).toLowerCase()) {
      case "track": {
        if (!await this.#mayWrite("presence")) return { status: "error", response: { reason: "unauthorized" } };
        const told = JSON.stringify(payload ?? {});
        if (told !== this.#tracked) hub.track(this.#room, this, this.#presenceKey, recordOf(payload));
        this.#tracked = told;
        if (!this.seesPresence) this.#showPresence();
        return OK;
      }
      case "untrack":
        this.#tracked = "";
        hub.untrack(this.#room, this);
        return OK;
      default:
        return { status: "error", response: { reason: "unknown_presence_event" } };
    }
  }

  #showPresence(): void {
    if (!this.#reads.presence) return;
    this.seesPresence = true;
    this.push("presence_state", this.#context.hub.presences(this.#room));
  }

  async #mayWrite(extension: "broadcast" | "presence"): Promise<boolean> {
    if (!this.#isPrivate) return true;
    return this.#writes[extension] ??= await mayWrite(
      this.#context.executor,
      this.#caller,
      this.#options.topic,
      extension,
    );
  }

  async #renew(token: unknown): Promise<void> {
    if (typeof token !== "string" || token === this.#token) return;
    this.#token = token;
    try {
      this.#caller = await callerOf(token, this.#options.holder, this.#context.keys);
      this.#writes = {};
      await this.#authorize();
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      this.#shutDown(error);
    }
  }

  /** Asks the policies, and waits for the token to expire. */
  async #authorize(): Promise<void> {
    const { topic } = this.#options;
    if (this.#isPrivate) {
      this.#reads = await mayRead(this.#context.executor, this.#caller, topic);
      if (!this.#reads.broadcast) {
        throw new AccessError(
          "Unauthorized",
          `You do not have permissions to read from this Channel topic: ${topic}`,
        );
      }
    }
    clearTimeout(this.#expiry);
    const { expiresAt } = this.#caller;
    if (expiresAt === null) return;
    const ms = Math.min(Math.max(0, expiresAt * 1_000 - Date.now()), LONGEST_TIMER_MS);
    this.#expiry = setTimeout(() => this.#shutDown(expired(expiresAt)), ms);
    Deno.unrefTimer(this.#expiry);
  }

  #shutDown({ message }: AccessError): void {
    const { topic } = this.#options;
    this.#options.push("system", { extension: "system", status: "error", message, channel: topic });
    this.#options.end();
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}
