import { assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";

/** Runs `deno task test` on one file with this text; its exit code and the lines it printed. */
async function runTests(text: string, ...options: string[]): Promise<{ code: number; lines: string[] }> {
  const folder = await Deno.makeTempDir({ prefix: "millrace-runner-" });
  try {
    await Deno.writeTextFile(`${folder}/some_test.ts`, text);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("test.ts", import.meta.url).pathname, folder, ...options],
      env: { NO_COLOR: "1" },
    }).output();
    return { code, lines: new TextDecoder().decode(stdout).trim().split("\n") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the test command counts, names what failed and why, and ends with the sum", async () => {
  const { code, lines } = await runTests(`
    Deno.test("good", () => {});
    Deno.test("a < b & c", () => { throw new Error("x > y, no"); });
    Deno.test.ignore("ignored", () => {});
  `);
  assertEquals(code, 1);
  assertEquals(lines.at(-1), "1 passed, 1 failed");
  const told = lines.slice(lines.lastIndexOf("failed:"));
  assertStringIncludes(told[1]!, "some_test.ts: a < b & c");
  assertStringIncludes(told[2]!, "Error: x > y, no");
  // Deno 2.1 reports what never ended like this as well.
  assertStringIncludes(told.join("\n"), "some_test.ts: ignored: left out, or never ended");
});

Deno.test("the test command passes when all pass, and takes a filter", async () => {
  const { code, lines } = await runTests(
    `Deno.test("one", () => {}); Deno.test("two", () => { throw new Error("no"); });`,
    "--filter=one",
  );
  assertEquals([code, lines.at(-1)], [0, "1 passed, 0 failed"]);
});

Deno.test("the test command counts tests that cannot even start as a failure", async () => {
  const { code, lines } = await runTests("const x: string = 1;\nDeno.test(x, () => {});");
  assertEquals([code, lines.at(-1)], [1, "0 passed, 1 failed"]);
});
