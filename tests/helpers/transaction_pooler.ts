/**
 * A pooler in transaction mode before a Postgres, as PgBouncer and Supavisor are: clients share its connections, and each
 * transaction gets the one that has rested longest.
 *
 * @module
 */
import { concat, type WireMessage, WireReader } from "./postgres_wire.ts";

/** A pooler that takes clients. */
export interface TransactionPooler {
  /** Connection string through it. */
  readonly url: string;
  stop(): void;
}

/** A connection of the pooler's own. */
interface Backend {
  readonly connection: Deno.TcpConn;
  readonly writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  /** Where its answers go now. */
  client: ((message: WireMessage) => void) | null;
}

const encoder = new TextEncoder();

/** Stands before the database of a connection string, with two connections to it. */
export async function startTransactionPooler(url: string): Promise<TransactionPooler> {
  const idle = [await openBackend(url), await openBackend(url)];
  const waiting: ((backend: Backend) => void)[] = [];
  const open = new Set<Deno.Conn>(idle.map(({ connection }) => connection));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const take = (): Promise<Backend> => {
    const backend = idle.shift();
    return backend === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(backend);
  };
  const giveBack = (backend: Backend): void => {
    backend.client = null;
    const next = waiting.shift();
    if (next === undefined) idle.push(backend);
    else next(backend);
  };
  const serve = async (client: Deno.TcpConn): Promise<void> => {
    client.setNoDelay();
    open.add(client);
    const reader = new WireReader(true);
    const writer = client.writable.getWriter();
    const send = (bytes: Uint8Array<ArrayBuffer>) => writer.write(bytes).catch(() => {});
    let backend: Backend | null = null;
    /** Ends of statements that have not been answered. */
    let due = 0;
    for await (const chunk of client.readable) {
      for (const { type, bytes } of reader.read(chunk)) {
        if (type === "") {
          send(greeting());
          continue;
        }
        if (type === "X") return;
        if (backend === null) {
          const taken = backend = await take();
          taken.client = (message) => {
            send(message.bytes);
            if (message.type !== "Z" || --due > 0 || message.bytes[5] !== "I".charCodeAt(0)) return;
            backend = null;
            giveBack(taken);
          };
        }
        if (type === "S" || type === "Q") due++;
        await backend.writer.write(bytes);
      }
    }
  };
  (async () => {
    for await (const client of listener) serve(client).catch(() => {}).finally(() => end(client));
  })().catch(() => {});
  const end = (connection: Deno.Conn): void => {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // it is closed
    }
  };
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${(listener.addr as Deno.NetAddr).port}` }).href,
    stop() {
      listener.close();
      for (const connection of [...open]) end(connection);
    },
  };
}

/** Logs in with the address' user and password, and passes on what comes. */
async function openBackend(url: string): Promise<Backend> {
  const { hostname, port, pathname, username, password } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port || 5432) });
  connection.setNoDelay();
  const writer = connection.writable.getWriter();
  const backend: Backend = { connection, writer, client: null };
  const ready = Promise.withResolvers<void>();
  const parameters = `user\0${username}\0database\0${pathname.slice(1)}\0\0`;
  await writer.write(message("", concat(number(196_608), encoder.encode(parameters))));
  const reader = new WireReader(false);
  (async () => {
    for await (const chunk of connection.readable) {
      for (const answer of reader.read(chunk)) {
        if (backend.client !== null) backend.client(answer);
        // AuthenticationCleartextPassword, as the cluster of tests asks for.
        else if (answer.type === "R" && answer.bytes[8] === 3) {
          await writer.write(message("p", encoder.encode(`${decodeURIComponent(password)}\0`)));
        } else if (answer.type === "E") ready.reject(new Error(new TextDecoder().decode(answer.bytes)));
        else if (answer.type === "Z") ready.resolve();
      }
    }
  })().catch(() => {});
  await ready.promise;
  return backend;
}

/** AuthenticationOk, BackendKeyData with a process that there is not, ReadyForQuery. */
function greeting(): Uint8Array<ArrayBuffer> {
  const key = concat(number(1_000_000_000), number(1));
  return concat(message("R", number(0)), message("K", key), message("Z", encoder.encode("I")));
}

function message(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat(encoder.encode(type), number(body.length + 4), body);
}

function number(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}
