import { Cron } from "croner";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { dueTimes, lastDueTimes, readTiming, refillTimes, type Timing, upcomingTimes } from "./mod.ts";

function timing(cron: string, timezone: string, rest: { starts_at?: string; ends_at?: string } = {}): Timing {
  return readTiming({ cron, timezone, ...rest });
}

function next(cron: string, timezone: string, after: string, count: number): string[] {
  return dueTimes(timing(cron, timezone), { after: Date.parse(after), count }).map((time) =>
    new Date(time).toISOString().replace(":00.000Z", "Z")
  );
}

Deno.test("a daily 02:30 in Berlin is due once at 03:00 summer time when the clocks go forward", () => {
  assertEquals(next("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z", 4), [
    "2026-03-28T01:30Z",
    "2026-03-29T01:00Z",
    "2026-03-30T00:30Z",
    "2026-03-31T00:30Z",
  ]);
});

Deno.test("a daily 02:30 in Berlin is due once, in summer time, when the clocks go back", () => {
  assertEquals(next("30 2 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", 4), [
    "2026-10-24T00:30Z",
    "2026-10-25T00:30Z",
    "2026-10-26T01:30Z",
    "2026-10-27T01:30Z",
  ]);
  // Asked within the hour that comes again, and just after the first time.
  assertEquals(next("30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", 1), ["2026-10-26T01:30Z"]);
  assertEquals(next("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", 1), ["2026-10-26T01:30Z"]);
});

Deno.test("several times inside the gap are due once together, also with the one at its end", () => {
  for (const cron of ["*/15 2 * * *", "0,30 2 * * *", "0 2,3 * * *", "30 2 * * *", "59 2 * * *"]) {
    const due = next(cron, "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
    assertEquals([due[0], due[1]?.slice(0, 10)], ["2026-03-29T01:00Z", "2026-03-30"], cron);
  }
  assertEquals(next("30 1-3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 3), [
    "2026-03-29T00:30Z",
    "2026-03-29T01:00Z",
    "2026-03-29T01:30Z",
  ]);
});

Deno.test("an hourly pattern goes with the clock: 23 times on the short day, 25 times on the long one", () => {
  const count = (from: string, until: string) =>
    dueTimes(timing("30 * * * *", "Europe/Berlin"), {
      after: Date.parse(from),
      until: Date.parse(until),
      count: 100,
    }).length;
  assertEquals(count("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23);
  assertEquals(count("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25);
});

Deno.test("the 31st is due in the months that have one, the last day in every month", () => {
  assertEquals(
    next("0 9 31 * *", "Europe/Berlin", "2026-01-15T00:00:00Z", 4),
    ["2026-01-31T08:00Z", "2026-03-31T07:00Z", "2026-05-31T07:00Z", "2026-07-31T07:00Z"],
  );
  assertEquals(
    next("0 9 L * *", "Europe/Berlin", "2026-01-15T00:00:00Z", 3),
    ["2026-01-31T08:00Z", "2026-02-28T08:00Z", "2026-03-31T07:00Z"],
  );
});

Deno.test("changes of half an hour, at midnight and of a whole day are met", () => {
  assertEquals(next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", 1), ["2026-10-03T15:30Z"]);
  assertEquals(next("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", 2), [
    "2026-04-04T14:45Z",
    "2026-04-05T15:15Z",
  ]);
  assertEquals(next("0 0 * * *", "America/Havana", "2026-03-07T12:00:00Z", 1), ["2026-03-08T05:00Z"]);
  // Samoa had no 30 December 2011: what was due then came once, with the one of the 31st a moment of its own.
  assertEquals(next("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", 3), [
    "2011-12-29T22:00Z",
    "2011-12-30T10:00Z",
    "2011-12-30T22:00Z",
  ]);
});

Deno.test("start and end bound the due times and belong to them", () => {
  const bounded = timing("0 * * * *", "UTC", { starts_at: "2026-01-01T10:00:00Z", ends_at: "2026-01-01T12:00:00Z" });
  assertEquals(upcomingTimes(bounded, Date.parse("2026-01-01T00:00:00Z")), [
    "2026-01-01T10:00:00.000Z",
    "2026-01-01T11:00:00.000Z",
    "2026-01-01T12:00:00.000Z",
  ]);
  assertEquals(upcomingTimes(bounded, Date.parse("2026-01-01T12:00:00Z")), []);
});

Deno.test("upcomingTimes() gives 50 times within a year, and the next one however far it is", () => {
  const now = Date.parse("2026-11-21T00:00:00Z");
  assertEquals(upcomingTimes(timing("* * * * *", "UTC"), now).length, 50);
  assertEquals(upcomingTimes(timing("0 0 1 * *", "UTC"), now).length, 12);
  assertEquals(upcomingTimes(timing("0 0 29 2 *", "UTC"), now), ["2028-02-29T00:00:00.000Z"]);
});

Deno.test("refillTimes() names the newest hundred that passed unseen, then what comes", () => {
  const now = Date.parse("2026-11-21T00:00:30Z");
  const times = refillTimes(timing("* * * * *", "UTC"), now - 30 * 86_400_000, now);
  assertEquals(times.length, 150);
  assertEquals([times[99], times[100]], ["2026-11-21T00:00:00.000Z", "2026-11-21T00:01:00.000Z"]);
  const few = refillTimes(timing("0 * * * *", "UTC"), now - 3 * 3_600_000, now);
  assertEquals(few.slice(0, 4), [
    "2026-11-20T22:00:00.000Z",
    "2026-11-20T23:00:00.000Z",
    "2026-11-21T00:00:00.000Z",
    "2026-11-21T01:00:00.000Z",
  ]);
  assertEquals(lastDueTimes(timing("0 0 1 1 *", "UTC"), now - 1000, now, 5), []);
});

const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "America/Havana",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Africa/Casablanca",
  "Asia/Kathmandu",
  "UTC",
];

/** The wall clock of every minute, as if it were UTC. */
function wallClock(zone: string, from: number, to: number): Map<number, number> {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    dateStyle: "short",
    timeStyle: "medium",
  });
  const walls = new Map<number, number>();
  for (let time = from; time <= to; time += 60_000) {
    walls.set(time, Date.parse(format.format(time).replace(", ", "T") + "Z"));
  }
  return walls;
}

/** Walks through every minute: slow and plainly right. */
function reference(cron: string, walls: ReadonlyMap<number, number>): number[] {
  const everyHour = cron.split(" ")[1] === "*";
  const times = [...walls.values()];
  const fitting = new Set<number>();
  const matcher = new Cron(cron, { timezone: "UTC", paused: true });
  const end = Math.max(...times);
  for (let at = matcher.nextRun(new Date(Math.min(...times) - 1)); at !== null && at.getTime() <= end;) {
    fitting.add(at.getTime());
    at = matcher.nextRun(at);
  }
  const due = new Set<number>();
  const seen = new Set<number>();
  let last: number | null = null;
  for (const [time, wall] of walls) {
    for (let skipped = (last ?? wall) + 60_000; !everyHour && skipped < wall; skipped += 60_000) {
      if (fitting.has(skipped)) due.add(time);
    }
    if (fitting.has(wall) && (everyHour || !seen.has(wall))) due.add(time);
    seen.add(wall);
    last = wall;
  }
  return [...due];
}

Deno.test("dueTimes() agrees with a walk through every minute around the changes of many zones", () => {
  const minutes = ["0", "30", "15,45", "*/20", "59"];
  const hours = ["*", "2", "0", "1-3", "*/2", "0,3", "23"];
  const starts = ["2026-03-07", "2026-03-28", "2026-04-04", "2026-09-05", "2026-10-03", "2026-10-24", "2026-10-31"];
  let checked = 0;
  for (const zone of ZONES) {
    for (const [index, start] of starts.entries()) {
      const begin = Date.parse(`${start}T08:00:00Z`);
      const walls = wallClock(zone, begin, begin + 40 * 3_600_000);
      for (const [place, hour] of hours.entries()) {
        const cron = `${minutes[(index + place) % minutes.length]} ${hour} * * *`;
        const from = begin + (2 + place) * 3_600_000;
        const to = from + 30 * 3_600_000;
        const found = dueTimes(timing(cron, zone), { after: from, until: to, count: Infinity });
        const expected = reference(cron, walls).filter((time) => time > from && time <= to);
        assertEquals(found, expected, `${cron} in ${zone} from ${new Date(from).toISOString()}`);
        // From anywhere the same times lie ahead.
        for (const [at, time] of found.entries()) {
          const [following] = dueTimes(timing(cron, zone), { after: time, until: to, count: 1 });
          assertEquals(following, found[at + 1], `${cron} in ${zone} after ${new Date(time).toISOString()}`);
        }
        checked += found.length;
      }
    }
  }
  assert(checked > 1000);
});
