import { readSqlFiles, REPOSITORY } from "../../supabase/local/schema_files.ts";
import { assert, assertEquals } from "../helpers/assert.ts";

/** How many capabilities there are, by letter: A1 to A21 and so on. */
const CAPABILITIES: Readonly<Record<string, number>> = {
  A: 21,
  B: 3,
  C: 5,
  D: 2,
  E: 12,
  F: 5,
  G: 8,
  H: 10,
  I: 5,
  J: 7,
  K: 7,
  L: 9,
  M: 8,
  N: 6,
  O: 7,
};

/** A line of docs/coverage.md. */
interface CoverageRow {
  id: string;
  state: string;
  proof: string;
  note: string;
}

async function read(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, REPOSITORY));
}

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

/** Paths of all Markdown files that Git would take along. */
async function markdownFiles(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(new URL(folder, REPOSITORY))) {
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory) found.push(...await markdownFiles(`${folder}${entry.name}/`));
    else if (entry.name.endsWith(".md")) found.push(folder + entry.name);
  }
  return found.sort();
}

/** Text without code, where brackets mean something else. */
function prose(text: string): string {
  return text.replaceAll(/^( *)```[\s\S]*?^\1```/gm, "").replaceAll(/`[^`\n]*`/g, "");
}

/** The anchors GitHub gives the headings of a Markdown text. */
function anchors(text: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...text.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading]) => {
      const name = heading!.trim().toLowerCase().replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      return count === 0 ? name : `${name}-${count}`;
    }),
  );
}

async function coverage(): Promise<CoverageRow[]> {
  return [...(await read("docs/coverage.md")).matchAll(/^\| ([A-Z]\d+) .*$/gm)].map(([line]) => {
    const [id, , state, proof, note] = line.split("|").slice(1, -1).map((cell) => cell.trim());
    return { id: id!, state: state!, proof: proof!, note: note! };
  });
}

Deno.test("coverage.md lists every capability once", async () => {
  const wanted = Object.entries(CAPABILITIES).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)
  );
  assertEquals((await coverage()).map(({ id }) => id), wanted);
});

Deno.test("coverage.md calls nothing done without a test that exists", async () => {
  for (const { id, state, proof, note } of await coverage()) {
    assert(["done", "partial", "not yet"].includes(state), `${id} is ${state}`);
    const tests = [...proof.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path!);
    if (state !== "not yet") assert(tests.length > 0, `${id} is ${state} but names no test`);
    if (state === "partial") assert(note !== "", `${id} is partial but does not say what is missing`);
    for (const path of tests) {
      assert(path.endsWith("_test.ts"), `${id} names ${path}, which is no test`);
      assert(await exists(new URL(path, new URL("docs/", REPOSITORY))), `${id} names ${path}, which does not exist`);
    }
  }
});

Deno.test("every relative link in the documentation leads somewhere", async () => {
  const broken: string[] = [];
  for (const file of await markdownFiles()) {
    const text = await read(file);
    for (const [, target] of prose(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path, anchor] = target!.split("#");
      const url = new URL(path!, new URL(file, REPOSITORY));
      if (!await exists(url)) broken.push(`${file}: ${target}`);
      else if (anchor && url.pathname.endsWith(".md") && !anchors(await Deno.readTextFile(url)).has(anchor)) {
        broken.push(`${file}: ${target} (no such heading)`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("the glossary holds every state that SQL allows", async () => {
  const glossary = await read("docs/glossary.md");
  const missing = (await readSqlFiles(new URL("sql/", REPOSITORY))).flatMap(({ path, text }) =>
    [...text.matchAll(/check\s*\((\w+) in \(([^)]*)\)\)/g)].flatMap(([, column, values]) =>
      [...values!.matchAll(/'([^']*)'/g)].filter(([, value]) => !glossary.includes(`\`${value}\``))
        .map(([, value]) => `${path}: ${column} ${value}`)
    )
  );
  assertEquals(missing, []);
});

Deno.test("the README names every task, and the change log keeps its form", async () => {
  const readme = await read("README.md");
  const { tasks }: { tasks: Record<string, string> } = JSON.parse(await read("deno.json"));
  const unnamed = Object.keys(tasks).filter((task) => !new RegExp(`task ${task}\\b|\`${task}\\b`).test(readme));
  assertEquals(unnamed, []);
  assert((await read("CHANGELOG.md")).includes("\n## [Unreleased]\n"));
});
