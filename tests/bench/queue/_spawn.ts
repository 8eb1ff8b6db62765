/**
 * Queues in processes of their own.
 *
 * @module
 */
import { REPOSITORY } from "../../../supabase/local/schema_files.ts";
import type { AgentCommands } from "./_agent.ts";

/** A queue that can be measured, one way of using it. */
export interface Contestant {
  /** What tables call it. */
  name: string;
  /** Whether it is ours. */
  ours: boolean;
  /** The program, from the repository's root. */
  program: string;
  /** The program's own configuration, where its packages are not ours. */
  config?: string;
  mode: string;
}

/** The process of a contestant. */
export interface Agent {
  pid: number;
  /** Has something done. Rejects with what went wrong there. */
  ask<K extends keyof AgentCommands>(command: K, args: AgentCommands[K]["in"]): Promise<AgentCommands[K]["out"]>;
  /** Ends the process. */
  stop(): Promise<void>;
}

/** Starts the process of a contestant on a database. */
export function spawnAgent({ program, config, mode }: Contestant, url: string): Agent {
  const path = (file: string) => new URL(file, REPOSITORY).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...(config ? ["--config", path(config)] : []), path(program), url, mode],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  const replies = readLines(process.stdout);
  return {
    pid: process.pid,
    async ask(command, args) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify({ command, args })}\n`));
      const { value, done } = await replies.next();
      if (done) throw new Error(`${program} ended while it was to ${command}`);
      const message = JSON.parse(value);
      if (!message.ok) throw new Error(`${program} could not ${command}: ${message.error}`);
      return message.reply;
    },
    async stop() {
      await writer.close().catch(() => {});
      const late = setTimeout(() => process.kill("SIGKILL"), 15_000);
      await process.status;
      clearTimeout(late);
      await replies.return(undefined);
    },
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    rest += text;
    const complete = rest.split("\n");
    rest = complete.pop() ?? "";
    for (const line of complete) {
      // Libraries may log to the standard output too.
      if (line.startsWith('{"ok":')) yield line;
      else console.error(line);
    }
  }
}
