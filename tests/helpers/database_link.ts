/**
 * A link to a Postgres that a test can cut: connections break at once and new ones are refused until it is restored.
 *
 * @module
 */

/** A link that passes bytes on. */
export interface DatabaseLink {
  /** Connection string through the link. */
  url: string;
  /** The database is away: every connection breaks, new ones are refused. */
  cut(): void;
  /** The database is back, on the same port. */
  restore(): void;
  /** Cuts for good. */
  stop(): void;
}

/** Options of {@linkcode linkDatabase}. */
export interface DatabaseLinkOptions {
  /** Told what goes to Postgres. */
  onSent?: (bytes: Uint8Array) => void;
}

/** Opens a link to the database of a connection string. */
export function linkDatabase(url: string, { onSent }: DatabaseLinkOptions = {}): DatabaseLink {
  const target = new URL(url);
  const open = new Set<Deno.Conn>();
  let listener = listen(0);
  const { port } = listener.addr;
  accept(listener);

  function listen(port: number): Deno.TcpListener {
    return Deno.listen({ hostname: "127.0.0.1", port, reusePort: false });
  }

  async function accept(from: Deno.TcpListener): Promise<void> {
    try {
      for await (const client of from) connect(client).catch(() => {});
    } catch {
      // the listener was closed
    }
  }

  async function connect(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ hostname: target.hostname, port: Number(target.port || 5432) });
    const pair = [client, server];
    for (const connection of pair) open.add(connection);
    const watch = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(bytes, controller) {
        onSent?.(bytes);
        controller.enqueue(bytes);
      },
    });
    await Promise.allSettled([
      client.readable.pipeThrough(watch).pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
    for (const connection of pair) close(connection);
  }

  function close(connection: Deno.Conn): void {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // it is closed
    }
  }

  function cut(): void {
    try {
      listener.close();
    } catch {
      // it is cut
    }
    for (const connection of [...open]) close(connection);
  }

  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    cut,
    restore() {
      listener = listen(port);
      accept(listener);
    },
    stop: cut,
  };
}
