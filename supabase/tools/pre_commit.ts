/**
 * What the pre-commit hook runs: format, lint, types and a search for secrets, over what is staged.
 *
 * The index is checked out into a temporary folder first, so that the commit is judged and not what else lies around.
 *
 * @module
 */
import { lint } from "./lint.ts";
import { scanStagedLines } from "./scan_secrets.ts";

const FORMATTED = /\.(?:ts|tsx|js|json|jsonc|md|ya?ml)$/;
const TYPED = /\.tsx?$/;

if (import.meta.main) Deno.exit(await preCommit(new URL(`file://${await Deno.realPath(Deno.cwd())}/`)));

/**
 * @param root the repository
 * @returns 0 when the staged files may be committed, 1 otherwise
 */
async function preCommit(root: URL): Promise<number> {
  const staged = (await git(root, "diff", "--cached", "--name-only", "--diff-filter=ACMR", "-z")).split("\0").filter(
    Boolean,
  );
  if (staged.length === 0) return 0;
  const failures: string[] = [];

  const secrets = await scanStagedLines(root);
  for (const { path, line, kind } of secrets) console.error(`${path}:${line}: this looks like a ${kind}`);
  if (secrets.length > 0) failures.push("secrets");

  const folder = await Deno.makeTempDir({ prefix: "millrace-staged-" });
  const before = Deno.cwd();
  try {
    await git(root, "checkout-index", "--all", `--prefix=${folder}/`);
    Deno.chdir(folder);
    const formatted = staged.filter((path) => FORMATTED.test(path));
    const typed = staged.filter((path) => TYPED.test(path));
    if (formatted.length > 0 && await deno("fmt", "--check", "--permit-no-files", ...formatted) !== 0) {
      failures.push("format");
    }
    if (typed.length > 0 && await lint(["--permit-no-files", ...typed]) !== 0) failures.push("lint");
    if (typed.length > 0 && await deno("check", "--quiet", ...typed) !== 0) failures.push("types");
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
  if (failures.length > 0) {
    console.error(`Not committed: ${failures.join(", ")}. (git commit --no-verify goes past this)`);
  }
  return failures.length === 0 ? 0 : 1;
}

async function deno(...args: string[]): Promise<number> {
  return (await new Deno.Command(Deno.execPath(), { args }).spawn().status).code;
}

async function git(root: URL, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", { args, cwd: root }).output();
  if (!success) throw new Error(`git ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
