/**
 * The queue beside its peers, under depth, between tenants, over processes and under a burst of webhooks.
 * What each table means: docs/benchmarks.md.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type Bench, CONTESTANTS, FULL, QUICK, startServer } from "./queue/_bench.ts";
import { describeMachine } from "./queue/_machine.ts";
import { renderMarkdown, renderText, type Table } from "./queue/_table.ts";

const SECTIONS: Record<string, () => Promise<(bench: Bench) => Promise<Table[]>>> = {
  peers: async () => (await import("./queue/throughput.ts")).throughput,
  flat: async () => (await import("./queue/flat.ts")).flat,
  fair: async () => (await import("./queue/fair.ts")).fair,
  scale: async () => (await import("./queue/scale.ts")).scale,
  webhooks: async () => (await import("./queue/webhooks.ts")).webhooks,
};

const USAGE = `deno task bench queue [--only=${
  Object.keys(SECTIONS).join(",")
}] [--rounds=N] [--quick] [--markdown=FILE]`;

/** Runs the benchmark and prints its tables. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      markdown: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const sizes = values.quick ? QUICK : FULL;
  const names = values.only?.split(",") ?? Object.keys(SECTIONS);
  const unknown = names.find((name) => SECTIONS[name] === undefined);
  if (unknown !== undefined) throw new Error(`There is no section ${unknown}: ${USAGE}`);
  const tables = await runSections(names, {
    sizes: { ...sizes, rounds: Number(values.rounds ?? sizes.rounds) },
    contestants: CONTESTANTS,
    note: (text) => console.error(`· ${text}`),
  }, (text) => console.log(text));
  if (values.markdown !== undefined) {
    await Deno.writeTextFile(values.markdown, tables.map(renderMarkdown).join("\n"));
  }
}

/**
 * Runs sections on a server of their own.
 *
 * @param print Takes each table as soon as it is there, as text.
 */
export async function runSections(
  names: readonly string[],
  options: Omit<Bench, "server">,
  print: (text: string) => void,
): Promise<Table[]> {
  const tables: Table[] = [];
  const server = await startServer();
  try {
    print(`${await describeMachine(server.url)}\n`);
    for (const name of names) {
      options.note(name);
      const section = await SECTIONS[name]!();
      for (const table of await section({ server, ...options })) {
        tables.push(table);
        print(renderText(table));
      }
    }
  } finally {
    await server.stop();
  }
  return tables;
}
