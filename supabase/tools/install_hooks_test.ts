import { assertEquals, assertRejects, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { REPOSITORY } from "../local/schema_files.ts";
import { installHooks } from "./install_hooks.ts";
import { scanText } from "./scan_secrets.ts";

/** A small repository with the hook in it. */
interface Fixture {
  root: URL;
  /** Writes a file and stages it. */
  stage(path: string, text: string): Promise<void>;
  /** Writes a file without staging it. */
  write(path: string, text: string): Promise<void>;
  /** `git commit`, hook and all; what the hook printed, empty when the commit was made. */
  commit(): Promise<string>;
}

/** The tools that the hook runs, as they are here. */
const TOOLS = ["pre_commit.ts", "lint.ts", "scan_secrets.ts", "lint_plugin.ts"].map((name) => `supabase/tools/${name}`)
  .concat("supabase/local/schema_files.ts");

async function withFixture(fn: (fixture: Fixture) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "millrace-hook-" });
  const root = new URL(`file://${await Deno.realPath(folder)}/`);
  const git = (...args: string[]) =>
    new Deno.Command("git", {
      args: ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false", ...args],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
  const write = async (path: string, text: string) => {
    await Deno.mkdir(new URL("./", new URL(path, root)), { recursive: true });
    await Deno.writeTextFile(new URL(path, root), text);
  };
  try {
    await git("init", "--quiet");
    for (const path of TOOLS) await write(path, await Deno.readTextFile(new URL(path, REPOSITORY)));
    await write("deno.json", '{ "lint": { "plugins": ["./supabase/tools/lint_plugin.ts"] } }\n');
    await git("add", ".");
    await git("commit", "--quiet", "--message=Start");
    await installHooks(root);
    await fn({
      root,
      write,
      async stage(path, text) {
        await write(path, text);
        await git("add", path);
      },
      async commit() {
        const { success, stderr, stdout } = await git("commit", "--quiet", "--message=Change");
        return success ? "" : new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the hook lets a clean commit pass", () =>
  withFixture(async ({ stage, commit }) => {
    await stage("shared/a/mod.ts", "export const a: number = 1;\n");
    await stage("README.md", "# Title\n");
    assertEquals(await commit(), "");
  }));

Deno.test("the hook refuses bad format, lint errors, type errors and secrets, all in one message", () =>
  withFixture(async ({ stage, commit }) => {
    await stage("shared/a/mod.ts", "export const a: string = 1\n");
    await stage("shared/a/b.ts", 'console.log("b");\n');
    await stage("shared/a/c.txt", `key = sk_live_${"4eC39HqLyjWDarjtT1zdp7dc"}\n`);
    const message = await commit();
    assertStringIncludes(message, "Not committed: secrets, format, lint, types");
    assertStringIncludes(message, "shared/a/c.txt:1: this looks like a Stripe key");
    assertStringIncludes(message, "millrace/no-console");
  }));

Deno.test("the hook judges what is staged, not what lies in the work tree", () =>
  withFixture(async ({ stage, write, commit }) => {
    await stage("shared/a/mod.ts", "export const a = 1;\n");
    await write("shared/a/mod.ts", "export const a   = 1\n");
    assertEquals(await commit(), "");
    await stage("shared/a/mod.ts", "export const a   = 2\n");
    await write("shared/a/mod.ts", "export const a = 2;\n");
    assertStringIncludes(await commit(), "Not committed: format");
  }));

Deno.test("installHooks() leaves another hook alone and renews its own", () =>
  withFixture(async ({ root }) => {
    const file = await installHooks(root);
    await Deno.writeTextFile(file, "#!/bin/sh\necho mine\n");
    await assertRejects(() => installHooks(root), Error, "not ours");
  }));

Deno.test("scanText() knows credentials from placeholders", () => {
  const kinds = (text: string) => scanText("x", text).map(({ kind }) => kind);
  assertEquals(kinds(`"sb_secret_${"N7UND0UgjKTVK_Uodkm0Hg_xSvEMPvz"}"`), ["Supabase secret key"]);
  assertEquals(kinds("-----BEGIN EC " + "PRIVATE KEY-----"), ["private key"]);
  assertEquals(kinds(`postgresql://postgres:${"h7Gk2pQz9w"}@db.project.supabase.co:5432/postgres`), [
    "password in a database address",
  ]);
  assertEquals(kinds(`"sb_secret_${"N7UND0UgjKTVK_Uodkm0Hg_xSvEMPvz"}" // not a secret: revoked`), []);
  assertEquals(kinds("sb_secret_00000000000000000000000000"), []);
  assertEquals(kinds("postgresql://postgres:[YOUR-PASSWORD]@db.project.supabase.co:5432/postgres"), []);
  assertEquals(kinds("postgresql://postgres:postgres@127.0.0.1:54322/postgres"), []);
});
