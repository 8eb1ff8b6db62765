/**
 * One child process that serves functions, from its start to its end.
 *
 * @module
 */
import { TextLineStream } from "deno-std/streams/mod.js";
import { isExpectedNote } from "./quiet_console.ts";

/** Options of {@linkcode startFunctionsProcess}. */
export interface FunctionsProcessOptions {
  /** Folder that holds one folder per function. */
  folder: URL;
  /** The environment that the functions see, all of it. */
  env: Record<string, string>;
  /** Called with each line that the functions write. */
  onLine: (line: string) => void;
}

/** A running child. */
export interface FunctionsProcess {
  pid: number;
  /** Settles when the process has ended, for whatever reason. */
  ended: Promise<void>;
  /** Forwards a request and streams the answer. */
  fetch(request: Request): Promise<Response>;
  /**
   * Lets answers and `waitUntil` work finish, then ends the process; kills it when that takes too long.
   *
   * @param drainMs milliseconds that answers may take; streams are cut off after them
   */
  retire(drainMs: number): Promise<void>;
}

/** What Deno itself needs to start, to find its cache and to reach the network; the child forgets it at once. */
const PROCESS_VARIABLES =
  /^(HOME|USERPROFILE|LOCALAPPDATA|APPDATA|SYSTEMROOT|TMPDIR|TEMP|TMP|PATH|XDG_CACHE_HOME|DENO_DIR|DENO_CERT|DENO_TLS_CA_STORE|SSL_CERT_FILE|NPM_CONFIG_.+|(HTTPS?|ALL|NO)_PROXY)$/i;

/** Longer than the child takes to end. */
const KILL_MS = 10_000;

/** Starts a child and waits until it accepts requests. */
export async function startFunctionsProcess(options: FunctionsProcessOptions): Promise<FunctionsProcess> {
  const process = spawn(options);
  const lines = (stream: ReadableStream<Uint8Array>): ReadableStream<string> =>
    stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  const output = lines(process.stdout).getReader();
  forwardLines(lines(process.stderr).getReader(), options.onLine);
  const { value: first } = await output.read();
  const port = Number(/^ready (\d+)$/.exec(first ?? "")?.[1]);
  if (!port) throw new Error(`Cannot start the functions: ${first ?? "their process ended"}`);
  forwardLines(output, options.onLine);

  let inFlight = 0;
  let retiring = false;
  let idle: (() => void) | undefined;
  const finished = () => {
    inFlight--;
    if (inFlight === 0) idle?.();
  };
  const ended = process.status.then(() => {});
  return {
    pid: process.pid,
    ended,
    async fetch(request) {
      inFlight++;
      const done = once(finished);
      try {
        return watchBody(await forward(request, port), done, () => retiring);
      } catch (error) {
        done();
        throw error;
      }
    },
    async retire(drainMs) {
      retiring = true;
      const drained = inFlight === 0 ? Promise.resolve() : new Promise<void>((resolve) => idle = resolve);
      await Promise.race([drained, ended, pause(drainMs)]);
      await process.stdin.close().catch(() => {});
      const killer = setTimeout(() => kill(process), KILL_MS);
      await ended;
      clearTimeout(killer);
    },
  };
}

function spawn({ folder, env }: FunctionsProcessOptions): Deno.ChildProcess {
  const needed = Object.entries(Deno.env.toObject()).filter(([name]) => PROCESS_VARIABLES.test(name));
  const own: Record<string, string> = { ...Object.fromEntries(needed), NO_COLOR: "1" };
  const forget = Object.keys(own).filter((name) => !(name in env));
  const script = new URL("./functions_child.ts", import.meta.url);
  const otherDeno = Deno.env.get("MILLRACE_FUNCTIONS_DENO");
  return new Deno.Command(otherDeno || Deno.execPath(), {
    // What the edge runtime gives: network, environment, reading its own files. No processes, no writing, no native code.
    args: ["run", "--no-prompt", "--allow-net", "--allow-env", "--allow-read", "--allow-sys"].concat(
      // Another version may not know the lock file's format; a deployment does not have it either.
      otherDeno ? ["--no-lock"] : [],
      ["--config", new URL("../../deno.json", import.meta.url).pathname, script.pathname, folder.href, ...forget],
    ),
    clearEnv: true,
    env: { ...own, ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function forward(request: Request, port: number): Promise<Response> {
  const url = new URL(request.url);
  url.host = `127.0.0.1:${port}`;
  const headers = new Headers(request.headers);
  // Without this `fetch` asks for compression, decodes it, and leaves the header that says it is compressed.
  headers.set("accept-encoding", "identity");
  const response = await fetch(url, {
    method: request.method,
    headers,
    body: request.body,
    redirect: "manual",
    signal: request.signal,
  });
  if (!response.headers.has("content-encoding")) return response;
  const decoded = new Headers(response.headers);
  decoded.delete("content-encoding");
  decoded.delete("content-length");
  return new Response(response.body, { status: response.status, headers: decoded });
}

/**
 * Calls `finished` when the body was read to its end or nobody wants it any more.
 *
 * @param retiring whether the process is being ended on purpose: then streams of events just end, as their clients
 *   expect now and then, while an answer that breaks off must be seen to
 */
function watchBody(response: Response, finished: () => void, retiring: () => boolean): Response {
  if (!response.body) {
    finished();
    return response;
  }
  const isEvents = response.headers.get("content-type")?.startsWith("text/event-stream");
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
      } catch (error) {
        if (isEvents && retiring()) controller.close();
        else controller.error(error);
      }
      finished();
    },
    async cancel(reason) {
      finished();
      await reader.cancel(reason).catch(() => {});
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

function once(fn: () => void): () => void {
  let called = false;
  return () => {
    if (!called) fn();
    called = true;
  };
}

async function forwardLines(reader: ReadableStreamDefaultReader<string>, onLine: (line: string) => void) {
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    if (!isExpectedNote(value)) onLine(value);
  }
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL");
  } catch {
    // it has ended
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(resolve, milliseconds)));
}
