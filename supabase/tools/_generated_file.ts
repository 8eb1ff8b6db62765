/**
 * Files that a tool writes and a test holds to what the tool would write.
 *
 * @module
 */
import { REPOSITORY } from "../local/schema_files.ts";

/**
 * Formats a text as `deno fmt` would.
 *
 * @param extension `ts` or `md`
 */
export async function format(text: string, extension: "ts" | "md"): Promise<string> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--line-width", "120", "--no-config", "--ext", extension, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await formatter.output();
  if (!success) throw new Error(`Cannot format: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/**
 * The command line of a generator: writes its file, or with `--check` fails when the file is stale.
 *
 * @param path the file, from the repository's root
 * @param generate makes its text
 * @returns the exit code
 */
export async function generate(path: string, args: string[], generate: () => Promise<string>): Promise<number> {
  if (args.some((arg) => arg !== "--check")) {
    console.error(`Writes ${path}. Options: --check (write nothing, fail when it is stale)`);
    return 2;
  }
  const file = new URL(path, REPOSITORY);
  const text = await generate();
  const old = await Deno.readTextFile(file).catch(() => "");
  if (text === old) {
    console.log(`${path} is up to date`);
    return 0;
  }
  if (args.includes("--check")) {
    console.error(`${path} is stale`);
    return 1;
  }
  await Deno.mkdir(new URL("./", file), { recursive: true });
  await Deno.writeTextFile(file, text);
  console.log(`wrote ${path}`);
  return 0;
}
