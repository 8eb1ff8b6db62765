/**
 * Programs that a scenario needs beside its workers, each in a process of its own: the ledger and the proxy.
 *
 * @module
 */

/** A running program. Its first line was the port on which it listens. */
export interface HelperProcess {
  port: number;
  /** Writes a line to its standard input; gives the line that it answers. */
  ask(line: string): Promise<string>;
  /** Ends it. */
  stop(): Promise<void>;
}

/** Starts a program of this folder. */
export async function startHelper(file: string, ...args: string[]): Promise<HelperProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL(file, import.meta.url).pathname, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const readLine = async () => {
    while (!text.includes("\n")) {
      const { value, done } = await output.read();
      if (done) throw new Error(`${file} has ended`);
      text += value;
    }
    const [line = "", ...rest] = text.split("\n");
    text = rest.join("\n");
    return line;
  };
  return {
    port: Number(await readLine()),
    async ask(line) {
      await input.write(new TextEncoder().encode(`${line}\n`));
      return await readLine();
    },
    async stop() {
      await input.close().catch(() => {});
      await output.cancel();
      await child.status;
    },
  };
}
