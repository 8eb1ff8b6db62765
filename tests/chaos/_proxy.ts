/**
 * A TCP proxy before Postgres that misbehaves on demand, in a process of its own: `deno run -A _proxy.ts HOST PORT`. It
 * writes its port, then takes one {@linkcode ProxyOrder} a line on its standard input and answers each with a line of
 * {@linkcode ProxyCounts}. It ends when its standard input does.
 *
 * @module
 */
import { concat, WireReader } from "../helpers/postgres_wire.ts";

/** What the proxy is to do from now on; nothing = pass everything on. */
export interface ProxyOrder {
  /**
   * Cuts the connection of a statement: `unsent` = Postgres never gets it; `sent` = it gets it, and the connection is gone
   * at once; `committed` = the transaction is confirmed and the client never learns it; `answered` = right after the answer.
   */
  cut?: "unsent" | "sent" | "committed" | "answered";
  /** Only statements that name this. */
  match?: string;
  /** Every so many of those. */
  every?: number;
  /**
   * Passes nothing on any more and closes nothing: on the connections that are there (`existing`: what a NAT that has
   * forgotten them does) or on new ones too (`all`: accepted, never answered).
   */
  hang?: "existing" | "all";
  /** Bytes a second in each direction of each connection. */
  slow?: number;
}

/** What it has done so far. */
export interface ProxyCounts {
  accepted: number;
  cut: number;
  hung: number;
  statements: number;
}

/** Longest pause of a slow connection, milliseconds. */
const SLOW_STEP_MS = 100;

async function main(hostname: string, port: number): Promise<void> {
  const counts: ProxyCounts = { accepted: 0, cut: 0, hung: 0, statements: 0 };
  const links = new Set<Link>();
  let order: ProxyOrder = {};
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  (async () => {
    for await (const client of listener) {
      counts.accepted++;
      if (order.hang === "all") {
        counts.hung++;
        continue;
      }
      const server = await Deno.connect({ hostname, port }).catch(() => null);
      if (server === null) {
        client.close();
        continue;
      }
      const link = new Link(client, server, counts, () => order);
      links.add(link);
      void link.run().finally(() => links.delete(link));
    }
  })();
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      order = JSON.parse(line) as ProxyOrder;
      if (order.hang !== undefined) {
        for (const link of links) link.hang();
        counts.hung += links.size;
      }
      console.log(JSON.stringify(counts));
    }
  }
  Deno.exit(0);
}

/** One connection through the proxy. */
class Link {
  readonly #client: Deno.TcpConn;
  readonly #server: Deno.TcpConn;
  readonly #counts: ProxyCounts;
  readonly #order: () => ProxyOrder;
  readonly #statements = new Map<string, string>();
  #hung = false;
  /** What is to happen to the statement that is under way. */
  #fate: ProxyOrder["cut"] | undefined;
  /** Set once its transaction is asked for: what Postgres says is kept until it says that it has committed. */
  #asked = false;
  #held: Uint8Array[] = [];

  constructor(client: Deno.TcpConn, server: Deno.TcpConn, counts: ProxyCounts, order: () => ProxyOrder) {
    this.#client = client;
    this.#server = server;
    this.#counts = counts;
    this.#order = order;
  }

  /** Passes bytes on until the connection ends. */
  async run(): Promise<void> {
    await Promise.allSettled([this.#upstream(), this.#downstream()]);
  }

  /** From now on nothing comes through, for ever. */
  hang(): void {
    this.#hung = true;
  }

  async #upstream(): Promise<void> {
    const reader = new WireReader(true);
    for await (const chunk of this.#client.readable) {
      for (const { type, bytes } of reader.read(chunk)) {
        if (type === "P" || type === "B" || type === "Q") this.#read(type, new TextDecoder().decode(bytes.subarray(5)));
        // Sync, or a simple query: with it the transaction ends.
        const isEnd = type === "S" || type === "Q";
        if (isEnd && this.#fate === "unsent") return this.#cut();
        if (isEnd && this.#fate !== undefined) this.#asked = true;
        await this.#pass(this.#server, bytes);
        if (isEnd && this.#fate === "sent") return this.#cut();
      }
    }
    this.#close();
  }

  async #downstream(): Promise<void> {
    const reader = new WireReader(false);
    for await (const chunk of this.#server.readable) {
      for (const { type, bytes } of reader.read(chunk)) {
        if (!this.#asked) {
          await this.#pass(this.#client, bytes);
          continue;
        }
        this.#held.push(bytes);
        // ReadyForQuery: it has committed.
        if (type !== "Z") continue;
        if (this.#fate === "answered") await this.#pass(this.#client, concat(...this.#held));
        return this.#cut();
      }
    }
    this.#close();
  }

  /** Parse names a statement, which is said only once; Bind runs it, by its name. */
  #read(type: "P" | "B" | "Q", text: string): void {
    const [first = "", second = ""] = text.split("\0", 2);
    if (type === "P") this.#statements.set(first, text);
    else this.#begin(type === "Q" ? text : this.#statements.get(second) ?? "");
  }

  #begin(text: string): void {
    const { cut, match = "", every = 1 } = this.#order();
    if (cut === undefined || !text.includes(match)) return;
    if (++this.#counts.statements % every === 0) this.#fate = cut;
  }

  async #pass(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    if (this.#hung) return await new Promise(() => {});
    const { slow } = this.#order();
    if (slow === undefined) return await writeAll(to, bytes);
    const step = Math.max(1, Math.round(slow * SLOW_STEP_MS / 1000));
    for (let place = 0; place < bytes.length; place += step) {
      await writeAll(to, bytes.subarray(place, place + step));
      await new Promise((resolve) => setTimeout(resolve, SLOW_STEP_MS));
    }
  }

  #cut(): void {
    this.#counts.cut++;
    this.#close();
  }

  #close(): void {
    for (const end of [this.#client, this.#server]) {
      try {
        end.close();
      } catch {
        // it is closed
      }
    }
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let place = 0; place < bytes.length;) place += await to.write(bytes.subarray(place));
}

if (import.meta.main) await main(Deno.args[0]!, Number(Deno.args[1]));
