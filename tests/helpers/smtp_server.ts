/**
 * A stand-in for an SMTP server (RFC 5321, AUTH by RFC 4954) that checks the order of commands and the form of messages,
 * and can be told to refuse, to be slow and to lose its answer after a message. Plain, with TLS from the start (RFC 8314)
 * or with STARTTLS (RFC 3207).
 *
 * @module
 */
import type { TestCertificate } from "./test_certificate.ts";

/** A message as the server took it. */
export interface SmtpMessage {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, dots unstuffed. */
  readonly raw: string;
  /** A header, unfolded; undefined = there is none. */
  header(name: string): string | undefined;
}

/** How it behaves; may be changed at any time. */
export interface SmtpMood {
  /** What a command is answered instead, by its first word: `{ RCPT: "550 no such user" }`; `DATA` is the end of the message. */
  answers: Record<string, string>;
  /** Milliseconds before each answer. */
  slowMs: number;
  /** Closes the connection after a message instead of answering. */
  losesAnswers: boolean;
}

/** The stand-in. */
export interface SmtpServer extends AsyncDisposable {
  /** With user and password. */
  readonly url: string;
  readonly mood: SmtpMood;
  readonly taken: readonly SmtpMessage[];
  /** Faults of our client: must stay empty. */
  readonly faults: readonly string[];
  readonly connections: number;
}

/** How it is spoken to. */
export interface SmtpServerOptions {
  /** Where it listens. Default 127.0.0.1, to which our client speaks without TLS when the address begins with smtp:. */
  readonly hostname?: string;
  /** implicit = TLS from the start; starttls = offered after EHLO, and nothing else is taken before it. */
  readonly tls?: { readonly mode: "implicit" | "starttls"; readonly certificate: TestCertificate };
}

const [USER, PASSWORD] = ["mill@race", "p:a/s s"];

/** Starts one on this machine. */
export function startSmtp({ hostname = "127.0.0.1", tls }: SmtpServerOptions = {}): SmtpServer {
  const mood: SmtpMood = { answers: {}, slowMs: 0, losesAnswers: false };
  const taken: SmtpMessage[] = [];
  const faults: string[] = [];
  const encrypted = tls === undefined ? null : Deno.listenTls({ hostname, port: 0, ...tls.certificate });
  const plain = tls?.mode === "implicit" ? null : Deno.listen({ hostname, port: 0 });
  const listeners = [plain, encrypted].filter((listener) => listener !== null);
  const open = new Set<Deno.Conn>();
  const sessions: Promise<void>[] = [];
  const counted = { connections: 0 };
  const accept = async (listener: Deno.Listener, serveOne: (connection: Deno.Conn) => Promise<void>) => {
    for await (const connection of listener) {
      open.add(connection);
      sessions.push(
        serveOne(connection).catch(() => {}).finally(() => {
          open.delete(connection);
          try {
            connection.close();
          } catch {
            // The client was faster.
          }
        }),
      );
    }
  };
  const accepting = Promise.all([
    plain && accept(plain, (connection) => {
      counted.connections++;
      return tls === undefined ? serve(connection, true) : upgrade(connection);
    }),
    encrypted && accept(encrypted as unknown as Deno.Listener, (connection) => {
      if (tls?.mode === "implicit") counted.connections++;
      // After STARTTLS the client goes on without a greeting.
      return serve(connection, tls?.mode === "implicit");
    }),
  ]);

  /** What comes before TLS; then its bytes go to the listener that speaks it, since Deno upgrades no server's connection. */
  async function upgrade(connection: Deno.Conn): Promise<void> {
    const write = (line: string) => connection.write(new TextEncoder().encode(`${line}\r\n`));
    await write("220 stand-in ESMTP");
    const buffer = new Uint8Array(65_536);
    for (let rest = ""; !/^STARTTLS\r\n/i.test(rest);) {
      const count = await connection.read(buffer);
      if (count === null) return;
      rest = new TextDecoder().decode(buffer.subarray(0, count));
      if (/^EHLO /i.test(rest)) await write("250-stand-in\r\n250 STARTTLS");
      else if (/^QUIT/i.test(rest)) return;
      else if (!/^STARTTLS\r\n/i.test(rest)) {
        faults.push(`${rest.trim()} before TLS`);
        await write("530 5.7.0 Must issue a STARTTLS command first");
      }
    }
    await write("220 go ahead");
    const { port } = encrypted!.addr as Deno.NetAddr;
    const inner = await Deno.connect({ hostname, port });
    await Promise.allSettled([
      connection.readable.pipeTo(inner.writable),
      inner.readable.pipeTo(connection.writable),
    ]);
  }

  async function serve(connection: Deno.Conn, greets: boolean): Promise<void> {
    const write = async (line: string) => {
      if (mood.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, mood.slowMs));
      await connection.write(new TextEncoder().encode(`${line}\r\n`));
    };
    let [from, to, isKnown, message]: [string | null, string[], boolean, string[] | null] = [null, [], false, null];
    if (greets) await write(mood.answers.CONNECT ?? "220 stand-in ESMTP");
    for await (const line of linesOf(connection)) {
      if (message !== null) {
        if (line !== ".") {
          if (line.length > 998) faults.push("a line longer than 998 characters");
          message.push(line.startsWith(".") ? line.slice(1) : line);
          continue;
        }
        if (mood.answers.DATA !== undefined) await write(mood.answers.DATA);
        else {
          taken.push(toMessage(from!, to, message.join("\r\n")));
          if (mood.losesAnswers) return;
          await write("250 2.0.0 queued");
        }
        [from, to, message] = [null, [], null];
        continue;
      }
      const word = /^[A-Za-z]+/.exec(line)?.[0].toUpperCase() ?? "";
      const told = word === "DATA" ? undefined : mood.answers[word];
      if (told !== undefined) await write(told);
      else if (word === "EHLO") await write("250-stand-in\r\n250-AUTH PLAIN\r\n250 8BITMIME");
      else if (word === "AUTH") {
        isKnown = atob(line.split(" ")[2] ?? "") === `\0${USER}\0${PASSWORD}`;
        await write(isKnown ? "235 2.7.0 welcome" : "535 5.7.8 credentials are not valid");
      } else if (word === "MAIL") {
        if (!isKnown) faults.push("MAIL before AUTH");
        from = /^MAIL FROM:<([^>]*)>/i.exec(line)?.[1] ?? null;
        await write(from === null ? "501 syntax" : "250 ok");
      } else if (word === "RCPT") {
        to.push(/^RCPT TO:<([^>]*)>/i.exec(line)?.[1] ?? "");
        await write(from === null ? "503 MAIL first" : "250 ok");
      } else if (word === "DATA") {
        if (to.length === 0) faults.push("DATA without a receiver");
        message = [];
        await write("354 go on");
      } else if (word === "RSET" || word === "NOOP") await write("250 ok");
      else if (word === "QUIT") {
        await write("221 bye");
        return;
      } else {
        faults.push(`unknown command ${line}`);
        await write("500 unknown");
      }
    }
  }

  const { port } = listeners[0]!.addr as Deno.NetAddr;
  const scheme = tls?.mode === "implicit" ? "smtps" : "smtp";
  return {
    url: `${scheme}://${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}@${hostname}:${port}`,
    mood,
    taken,
    faults,
    get connections() {
      return counted.connections;
    },
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // It is closed.
        }
      }
      await accepting.catch(() => {});
      await Promise.all(sessions);
    },
  };
}

async function* linesOf(connection: Deno.Conn): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of connection.readable) {
    rest += decoder.decode(chunk, { stream: true });
    let end: number;
    while ((end = rest.indexOf("\r\n")) >= 0) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 2);
    }
  }
}

function toMessage(from: string, to: string[], raw: string): SmtpMessage {
  const head = raw.slice(0, raw.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");
  return {
    from,
    to,
    raw,
    header: (name) =>
      head.split("\r\n").find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))?.slice(name.length + 1)
        .trim(),
  };
}
