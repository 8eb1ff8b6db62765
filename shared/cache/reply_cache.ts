import { ByteLru } from "./byte_lru.ts";

/** How long a kept reply is good. */
export interface CachePolicy {
  /** Younger ones are answered as they are, while their stamp holds. */
  readonly maxAgeSeconds: number;
  /** For so long after that, they are answered as well, and fetched anew behind the answer. 0 when absent. */
  readonly staleWhileRevalidateSeconds?: number;
}

/** A reply, ready to be sent. */
export interface KeptReply {
  /** The body. Not to be changed: others get it as well. */
  // TypeScript 5.6 (Deno 2.1.4) has no `Uint8Array<ArrayBuffer>`, and TypeScript 6 needs it for responses.
  readonly body: ReturnType<TextEncoder["encode"]>;
  /** The ETag, with its quotes. */
  readonly tag: string;
  /** Headers of its own. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What was fetched. */
export interface Loaded {
  readonly reply: KeptReply;
  /** False = for the request that fetched it and nobody else: it holds what the stamp does not vouch for. */
  readonly isKept: boolean;
}

/**
 * Where a reply came from: `hit` = memory; `stale` = memory, past its age; `joined` = a fetch that another request had
 * begun; `miss` = fetched.
 */
export type CacheOutcome = "hit" | "stale" | "joined" | "miss";

/** What is asked for. */
export interface ReplyRequest {
  /** What the reply is about: who asks for what. */
  readonly key: string;
  /** What it depends on besides: kept under another stamp, it is not this one. */
  readonly stamp: string;
  readonly policy: CachePolicy;
  /** Fetches it. What it throws is thrown, and nothing is kept. */
  readonly load: () => Promise<Loaded>;
  /** Takes over a fetch that nobody waits for. */
  readonly behind: (work: Promise<unknown>) => void;
}

/** A reply and where it came from. */
export interface Found {
  readonly reply: KeptReply;
  readonly outcome: CacheOutcome;
}

interface Entry {
  readonly stamp: string;
  readonly reply: KeptReply;
  readonly at: number;
}

/** What an entry takes besides the text in it, about (bytes). */
const ENTRY_BYTES = 400;

/** Options of {@link ReplyCache}. */
export interface ReplyCacheOptions {
  /** Memory for all replies together; 16 MiB when absent. A reply may take an eighth of it. */
  readonly maxBytes?: number;
  /** Milliseconds of a clock that never goes back, for tests. */
  readonly now?: () => number;
}

/**
 * The replies that an isolate keeps. A reply is found again under the same key **and** stamp: whoever changes what it
 * was made of changes the stamp, and then it does not exist any more, whatever its age. An older stamp's reply makes
 * room for the new one's, so what is out of date takes no memory.
 *
 * As many requests as may come for a reply that is not there: one fetch, the others wait for it.
 */
export class ReplyCache {
  readonly #entries: ByteLru<Entry>;
  readonly #maxReplyBytes: number;
  readonly #now: () => number;
  readonly #underWay = new Map<string, Promise<Loaded>>();

  constructor({ maxBytes = 16 * 1024 * 1024, now = () => performance.now() }: ReplyCacheOptions = {}) {
    this.#entries = new ByteLru(maxBytes);
    this.#maxReplyBytes = maxBytes / 8;
    this.#now = now;
  }

  /** Memory that the replies take, about (bytes), and how many there are. */
  get usage(): { readonly bytes: number; readonly replies: number } {
    return { bytes: this.#entries.bytes, replies: this.#entries.size };
  }

  /** A reply from memory, or fetched. */
  async find(request: ReplyRequest): Promise<Found> {
    return this.look(request) ?? await this.fetch(request);
  }

  /** A reply that is not in memory: see {@link ReplyCache.look}. */
  async fetch(request: ReplyRequest): Promise<Found> {
    const flight = flightOf(request);
    const underWay = this.#underWay.get(flight);
    if (underWay === undefined) return { reply: (await this.#fetch(request, flight)).reply, outcome: "miss" };
    const { reply, isKept } = await underWay;
    if (isKept) return { reply, outcome: "joined" };
    return { reply: (await request.load()).reply, outcome: "miss" };
  }

  /** A reply from memory; one past its age begins to be fetched anew. */
  look(request: ReplyRequest): Found | undefined {
    const { key, stamp, policy: { maxAgeSeconds, staleWhileRevalidateSeconds = 0 } } = request;
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.stamp !== stamp) return undefined;
    const age = (this.#now() - entry.at) / 1000;
    if (age < maxAgeSeconds) return { reply: entry.reply, outcome: "hit" };
    if (age >= maxAgeSeconds + staleWhileRevalidateSeconds) return undefined;
    const flight = flightOf(request);
    // What cannot be fetched any more is not answered once more.
    if (!this.#underWay.has(flight)) request.behind(this.#fetch(request, flight).catch(() => this.#forget(key, entry)));
    return { reply: entry.reply, outcome: "stale" };
  }

  #fetch({ key, stamp, load }: ReplyRequest, flight: string): Promise<Loaded> {
    const begunAt = this.#now();
    const fetching = load().then((loaded) => {
      // Its age counts from when it was asked for: what it says may be as old as that.
      if (loaded.isKept) this.#keep(key, { stamp, reply: loaded.reply, at: begunAt });
      return loaded;
    }).finally(() => this.#underWay.delete(flight));
    this.#underWay.set(flight, fetching);
    return fetching;
  }

  #keep(key: string, entry: Entry): void {
    const { body } = entry.reply;
    if (body.byteLength > this.#maxReplyBytes) return this.#entries.delete(key);
    this.#entries.set(key, entry, body.byteLength + 2 * (key.length + entry.stamp.length) + ENTRY_BYTES);
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** A fetch is for a key and stamp. Its text holds no line break. */
function flightOf({ key, stamp }: ReplyRequest): string {
  return `${key}\n${stamp}`;
}
