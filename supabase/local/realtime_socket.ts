/**
 * One connection of a client, with the channels that it has joined.
 *
 * @module
 */
import { Mutex } from "./mutex.ts";
import { AccessError, type Caller } from "./realtime_access.ts";
import { RealtimeChannel, type RealtimeContext, type Reply } from "./realtime_channel.ts";
import { type Frame, type ProtocolVersion, readFrame, writeFrame } from "./realtime_frames.ts";

/** What a connection is served with. */
export interface SocketOptions {
  socket: WebSocket;
  version: ProtocolVersion;
  /** Whose API key opened it. */
  holder: Caller;
  /** Called when it has ended. */
  onEnd: () => void;
}

const PREFIX = "realtime:";
/** As a hosted project's: https://supabase.com/docs/guides/realtime/limits */
const MAX_CHANNELS = 100;
const GONE = { status: "error", response: { reason: "unmatched topic" } } as const;

/** Serves a connection until either side closes it. */
export function serveSocket(context: RealtimeContext, options: SocketOptions): void {
  const { socket, version, onEnd } = options;
  const connection = new Connection(context, options);
  // One after the other: a message may need the answer of the policies for the one before.
  const turns = new Mutex();
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    const frame = readFrame(data, version);
    if (frame) void turns.run(() => connection.take(frame)).catch(() => socket.close(1011));
  });
  socket.addEventListener("close", () => {
    void turns.run(() => Promise.resolve(connection.close()));
    onEnd();
  });
  socket.addEventListener("error", () => {});
}

interface Joined {
  channel: RealtimeChannel;
  joinRef: string | null;
}

class Connection {
  readonly #context: RealtimeContext;
  readonly #options: SocketOptions;
  readonly #joined = new Map<string, Joined>();

  constructor(context: RealtimeContext, options: SocketOptions) {
    this.#context = context;
    this.#options = options;
  }

  async take(frame: Frame): Promise<void> {
    const { topic, event, payload } = frame;
    if (topic === "phoenix") {
      if (event === "heartbeat") this.#reply(frame, { status: "ok", response: {} });
    } else if (event === "phx_join") {
      await this.#join(frame);
    } else if (event === "phx_leave") {
      this.#reply(frame, { status: "ok", response: {} });
      this.#end(topic);
    } else {
      const joined = this.#joined.get(topic);
      this.#reply(frame, joined ? await joined.channel.take(event, payload) : GONE);
    }
  }

  close(): void {
    for (const { channel } of this.#joined.values()) channel.close();
    this.#joined.clear();
  }

  async #join(frame: Frame): Promise<void> {
    const { topic, ref, payload } = frame;
    const joinRef = frame.joinRef ?? ref;
    this.#end(topic);
    try {
      const channel = await this.#open(topic, joinRef, payload);
      this.#joined.set(topic, { channel, joinRef });
      this.#reply(frame, { status: "ok", response: { postgres_changes: [] } });
      channel.opened();
    } catch (error) {
      if (!(error instanceof AccessError)) throw error;
      this.#reply(frame, { status: "error", response: { reason: error.message } });
    }
  }

  async #open(topic: string, joinRef: string | null, join: Record<string, unknown>): Promise<RealtimeChannel> {
    if (!topic.startsWith(PREFIX) || topic === PREFIX) {
      throw new AccessError("TopicNameRequired", "You must provide a topic name");
    }
    if (this.#joined.size >= MAX_CHANNELS) throw new AccessError("ChannelRateLimitReached", "Too many channels");
    if (asksForChanges(join)) {
      throw new AccessError("NotImplemented", "The local stack has no postgres_changes: use broadcasts");
    }
    return await RealtimeChannel.open(this.#context, {
      topic: topic.slice(PREFIX.length),
      holder: this.#options.holder,
      join,
      push: (event, payload) => this.#send({ joinRef, ref: null, topic, event, payload }),
      end: () => this.#end(topic, joinRef),
    });
  }

  /** Ends a channel, if it is (still) the one of this join. */
  #end(topic: string, joinRef?: string | null): void {
    const joined = this.#joined.get(topic);
    if (!joined || (joinRef !== undefined && joined.joinRef !== joinRef)) return;
    this.#joined.delete(topic);
    joined.channel.close();
    this.#send({ joinRef: joined.joinRef, ref: joined.joinRef, topic, event: "phx_close", payload: {} });
  }

  #reply({ joinRef, ref, topic }: Frame, reply: Reply): void {
    if (reply !== null && ref !== null) this.#send({ joinRef, ref, topic, event: "phx_reply", payload: { ...reply } });
  }

  #send(frame: Frame): void {
    const { socket, version } = this.#options;
    const text = writeFrame(frame, version);
    if (text !== null && socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}

function asksForChanges(join: Record<string, unknown>): boolean {
  const config = join.config as { postgres_changes?: unknown[] } | undefined;
  return Array.isArray(config?.postgres_changes) && config.postgres_changes.length > 0;
}
