import { assert, assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import { parseOptions, UsageError } from "./options.ts";

const none = () => undefined;

Deno.test("parseOptions() puts flags over the environment over the defaults", () => {
  const { dataFolder, ...defaults } = parseOptions([], none);
  assertEquals(defaults, { port: 54321, databaseUrl: null, fresh: false, once: false, help: false });
  assert(dataFolder.endsWith("/.millrace"));
  const env = (name: string) => ({ MILLRACE_PORT: "5000", DATABASE_URL: "postgres://a/b" })[name];
  assertEquals(parseOptions([], env).port, 5000);
  assertEquals(parseOptions([], env).databaseUrl, "postgres://a/b");
  assertEquals(parseOptions(["--port", "6000", "--fresh", "--once", "--data", "/x"], env), {
    port: 6000,
    databaseUrl: "postgres://a/b",
    dataFolder: "/x",
    fresh: true,
    once: true,
    help: false,
  });
});

Deno.test("parseOptions() refuses what makes no sense", () => {
  for (const args of [["--port", "x"], ["--port", "70000"], ["--nope"], ["word"], ["--database-url", "mysql://a"]]) {
    assertThrows(() => parseOptions(args, none), UsageError);
  }
});
