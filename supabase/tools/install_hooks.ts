/**
 * `deno task hooks`: installs the pre-commit hook of this repository.
 *
 * @module
 */
import { REPOSITORY } from "../local/schema_files.ts";

/** Tells our hook from somebody else's. */
const MARK = "# installed by `deno task hooks`";

/** Runs with the Deno of the README, or with the same one if it is on the path already. */
const HOOK = `#!/bin/sh
${MARK}
set -e
cd "$(git rev-parse --show-toplevel)"
version=2.9.6
if [ "$(deno --version 2>/dev/null | head -n 1 | cut -d ' ' -f 2)" = "$version" ]; then
  exec deno run -A supabase/tools/pre_commit.ts
fi
exec npx -y "deno@$version" run -A supabase/tools/pre_commit.ts
`;

if (import.meta.main) {
  try {
    console.log(`installed ${await installHooks(REPOSITORY)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}

/**
 * Writes the hook where Git looks for it; again and again is fine.
 *
 * @param root the repository, or a work tree of it
 * @returns the hook's file
 * @throws {Error} when there is no repository, or somebody else's hook is in the place
 */
export async function installHooks(root: URL): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["rev-parse", "--path-format=absolute", "--git-path", "hooks"],
    cwd: root,
  }).output();
  if (!success) throw new Error("Cannot install the hook: this is no Git repository");
  const folder = new TextDecoder().decode(stdout).trim();
  const file = `${folder}/pre-commit`;
  const present = await Deno.readTextFile(file).catch(() => "");
  if (present !== "" && !present.includes(MARK)) {
    throw new Error(`Cannot install the hook: ${file} exists and is not ours`);
  }
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(file, HOOK);
  if (Deno.build.os !== "windows") await Deno.chmod(file, 0o755);
  return file;
}
