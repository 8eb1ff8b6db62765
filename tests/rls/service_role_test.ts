import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { assert, assertEquals } from "../helpers/assert.ts";

/** What a file says that acts as the service, or that makes it possible. */
const SIGNS = [
  /\badminClient\(/,
  /\bgetEngine\(/,
  /\.admin\(\)/,
  /^\s*admin: /m,
  /\bpostgresTransport\(/,
  /\bserviceBlobStore\(/,
];
/** Says how, to those who write routes, or names the role of a person; acts as nobody. */
const TALKS_ABOUT_IT = ["shared/http/context.ts", "shared/http/permissions.ts"];

async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(new URL(`${folder}/`, REPOSITORY))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) files.push(...await listFiles(path));
    else if (/(?<!_test)\.ts$/.test(entry.name)) files.push(path);
  }
  return files;
}

/** The code without its comments. */
function strip(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, "");
}

Deno.test("every use of the service role is listed in docs/security.md, and nothing else", async () => {
  const document = await Deno.readTextFile(new URL("docs/security.md", REPOSITORY));
  const table = document.split("\n## Every use of the service role\n")[1]?.split("\n## ")[0] ?? "";
  const listed = [...table.matchAll(/^\| `([^`]+)` +\|/gm)].map((match) => match[1]!).toSorted();
  const using: string[] = [];
  for (const path of [...await listFiles("functions"), ...await listFiles("shared")]) {
    const code = strip(await Deno.readTextFile(new URL(path, REPOSITORY)));
    if (!TALKS_ABOUT_IT.includes(path) && SIGNS.some((sign) => sign.test(code))) using.push(path);
  }
  assert(listed.length > 0);
  assertEquals(listed, using.toSorted());
});
