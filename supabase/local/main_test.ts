import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";

/** Runs the program with a data folder of its own. */
async function withProgram(
  fn: (start: (...args: string[]) => Program, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const running: Program[] = [];
  try {
    await fn((...args) => {
      const program = new Program(["--data", folder, ...args]);
      running.push(program);
      return program;
    }, folder);
  } finally {
    await Promise.all(running.map((program) => program.end()));
    await Deno.remove(folder, { recursive: true });
  }
}

class Program {
  readonly #process: Deno.ChildProcess;
  readonly #done: Promise<unknown>;
  output = "";

  constructor(args: string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("./main.ts", import.meta.url).pathname, ...args],
      env: { DATABASE_URL: "", MILLRACE_PORT: "", NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const collect = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.output += text;
    };
    this.#done = Promise.all([collect(this.#process.stdout), collect(this.#process.stderr)]);
  }

  async says(text: string): Promise<void> {
    for (let tries = 0; !this.output.includes(text); tries++) {
      if (tries > 1_500) throw new Error(`It never said ${text}, but:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  interrupt(): void {
    this.#process.kill("SIGINT");
  }

  async status(): Promise<number> {
    await this.#done;
    return (await this.#process.status).code;
  }

  async end(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.status();
  }
}

Deno.test("deno task start says what is wrong with a busy port, a folder in use and bad flags, and ends with 1", () =>
  withProgram(async (start) => {
    using busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const second = start("--port", String(busy.addr.port));
    assertEquals(await second.status(), 1);
    assertStringIncludes(second.output, `Port ${busy.addr.port} is in use`);

    const first = start("--port", "0");
    await first.says("Ready after");
    const third = start("--port", "0", "--fresh");
    assertEquals(await third.status(), 1);
    assertStringIncludes(third.output, "another stack has it open");

    const bad = start("--prot", "1");
    assertEquals(await bad.status(), 1);
    assertStringIncludes(bad.output, "Usage: deno task start");
  }));

Deno.test("deno task start stops cleanly at Ctrl-C and keeps keys and data for the next start", () =>
  withProgram(async (start, folder) => {
    const keys = () => Deno.readTextFile(`${folder}/keys.json`);
    const first = start("--port", "0");
    await first.says("Ctrl-C stops it");
    first.interrupt();
    assertEquals(await first.status(), 0);
    const before = await keys();

    const second = start("--port", "0");
    await second.says("Ctrl-C stops it");
    assertStringIncludes(second.output, "nothing new");
    // On another port than before: nothing of the demo may hold on to the old one.
    assertEquals(second.output.split("The run completed").length - 1, 2, second.output);
    assertEquals(await keys(), before);
    second.interrupt();
    await second.status();

    const fresh = start("--port", "0", "--fresh");
    await fresh.says("Ready after");
    assert(!fresh.output.includes("nothing new"));
    assert(await keys() !== before);
  }));
