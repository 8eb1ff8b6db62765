import { AppError } from "../errors/mod.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { jitterSeconds, readCron, readTimezone, readTiming, type TimingInput } from "./mod.ts";

function problemsOf(input: Partial<TimingInput>): [path: string, code: string][] {
  try {
    readTiming({ cron: "0 9 * * *", timezone: "UTC", ...input });
  } catch (error) {
    assert(error instanceof AppError);
    return (error.problems ?? []).map(({ path, code }) => [path, code]);
  }
  return [];
}

Deno.test("readTiming() names the field of a cron expression that is wrong, all at once", () => {
  const cases: [cron: string, codes: string[]][] = [
    ["61 0 * * *", ["invalid_cron_minute"]],
    ["0 24 * * *", ["invalid_cron_hour"]],
    ["0 0 32 * *", ["invalid_cron_day_of_month"]],
    ["0 0 0 * *", ["invalid_cron_day_of_month"]],
    ["0 0 * FOO *", ["invalid_cron_month"]],
    ["0 0 * * 8", ["invalid_cron_day_of_week"]],
    ["5-1 25 * 13 *", ["invalid_cron_minute", "invalid_cron_hour", "invalid_cron_month"]],
    ["*/0 * * * *", ["invalid_cron_minute"]],
    ["1,,2 * * * *", ["invalid_cron_minute"]],
    ["0 9 * *", ["invalid_cron"]],
    ["0 0 9 * * *", ["invalid_cron"]],
    ["", ["invalid_cron"]],
    ["@reboot", ["invalid_cron"]],
    ["2026-01-01T00:00:00", ["invalid_cron"]],
    ["0 0 30 2 *", ["invalid_cron"]],
    ["0 9 * * *".padEnd(300), ["invalid_cron"]],
    [`${"0,".repeat(90)}0 9 * * *`, []],
    ["0 9 * * MON-FRI", []],
    ["0 9 ? * MON#1", []],
    ["@daily", []],
    ["  0   9 * *\t* ", []],
  ];
  for (const [cron, codes] of cases) {
    assertEquals(problemsOf({ cron }), codes.map((code) => ["body.cron", code]), cron);
  }
  assertEquals(
    problemsOf({
      cron: "x",
      timezone: "Mars/Base",
      starts_at: "2026-02-01T00:00:00Z",
      ends_at: "2026-01-01T00:00:00Z",
    }),
    [
      ["body.cron", "invalid_cron"],
      ["body.timezone", "unknown_timezone"],
      ["body.ends_at", "invalid_range"],
    ],
  );
});

Deno.test("readTiming() refuses a stretch in which nothing is due", () => {
  const stretch = { starts_at: "2026-01-01T10:00:00Z", ends_at: "2026-01-01T11:00:00Z" };
  assertEquals(problemsOf(stretch), [["body.cron", "never_due"]]);
  assertEquals(problemsOf({ ...stretch, cron: "30 10 * * *" }), []);
});

Deno.test("readTimezone() takes names of the IANA database and nothing else", () => {
  assertEquals(readTimezone("europe/berlin"), "Europe/Berlin");
  assertEquals(readTimezone("UTC"), "UTC");
  for (const name of ["", "+02:00", "Berlin", "Europe/Berlin ", "Europe/Berlin\n", "../etc/passwd", "x".repeat(100)]) {
    assertEquals(readTimezone(name), null, name);
  }
});

Deno.test("readCron() refuses what never fits without searching for ever", () => {
  const started = performance.now();
  for (const cron of ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *"]) assert(!readCron(cron).ok, cron);
  assert(performance.now() - started < 2_000);
});

Deno.test("jitterSeconds() is the same for the same due time and within its bounds", async () => {
  const id = "0193a000-0000-7000-8000-000000000001";
  const values = new Set<number>();
  for (let minute = 0; minute < 300; minute++) {
    const value = await jitterSeconds(id, minute * 60_000, 9);
    assertEquals(await jitterSeconds(id, minute * 60_000, 9), value);
    assert(value >= 0 && value <= 9);
    values.add(value);
  }
  assertEquals(values.size, 10);
  assertEquals(await jitterSeconds(id, 0, 0), 0);
});
