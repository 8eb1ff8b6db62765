import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { formatPosition, parsePosition, START } from "./event_position.ts";
import type { KeyedStep, RunProgress } from "./queries.ts";
import { type RunEvent, RunEvents } from "./run_events.ts";
import { runStatusSchema } from "../../shared/runs/mod.ts";

const EPOCH = Date.parse("2026-11-20T12:00:00Z");

function step(key: number, finishedAt: number): KeyedStep {
  const moment = new Date(finishedAt).toISOString();
  return {
    key: key.toString(16).padStart(12, "0"),
    id: `n${key}:1`,
    node_id: `n${key}`,
    scope: "",
    attempt: 1,
    status: "completed",
    handles: null,
    output: null,
    error: null,
    started_at: moment,
    finished_at: moment,
    duration_ms: 0,
  };
}

function progress(at: number, steps: KeyedStep[], rest: Partial<RunProgress> = {}): RunProgress {
  return {
    id: "01940000-0000-7000-8000-000000000000",
    status: "running",
    output: null,
    error: null,
    started_at: new Date(EPOCH).toISOString(),
    finished_at: null,
    complete_until: new Date(at).toISOString(),
    waiting: [],
    steps,
    more: false,
    ...rest,
  };
}

const brief = (events: Iterable<RunEvent>) =>
  [...events].map(({ event, data }) => {
    const { node_id, status } = data as { node_id?: string; status: string | null };
    return event === "step" ? node_id : `${event} ${status}`;
  });

Deno.test("parsePosition() reads what formatPosition() made, and nothing else", () => {
  const ids = new Set<string>();
  for (const status of [...runStatusSchema.options, null]) {
    const position = { status, waits: false, since: EPOCH, seen: ["0123456789ab", "ffffffffffff"] };
    const id = formatPosition(position) ?? "";
    assertEquals(parsePosition(id), position);
    ids.add(id);
  }
  const waits = { status: "running", waits: true, since: EPOCH, seen: [] } as const;
  assertEquals(parsePosition(formatPosition(waits) ?? ""), waits);
  assertEquals(ids.size, runStatusSchema.options.length + 1);
  assertEquals(parsePosition(formatPosition(START) ?? ""), START);
  for (const text of ["", "end", "r-1", "r-1-abc", "z-1-", "r--", "r-1-0123456789AB", `r-1-${"0".repeat(17_000)}`]) {
    assertEquals(parsePosition(text), undefined, text);
  }
});

Deno.test("RunEvents tells the state first, an end last, and nothing twice", () => {
  const events = new RunEvents(START, EPOCH);
  assertEquals(brief(events.take(progress(EPOCH, [], { status: "queued" }))), ["run queued"]);
  assertEquals(brief(events.take(progress(EPOCH, [], { status: "queued" }))), []);
  assertEquals(brief(events.take(progress(EPOCH + 10, [step(1, EPOCH + 5)]))), ["run running", "n1"]);
  const last = progress(EPOCH + 20, [step(2, EPOCH + 15)], {
    status: "completed",
    finished_at: new Date(EPOCH + 20).toISOString(),
  });
  assertEquals(brief(events.take({ ...last, more: true })), ["n2"]);
  assertEquals(brief(events.take({ ...last, steps: [step(3, EPOCH + 16)] })), ["n3", "run completed", "end completed"]);
});

Deno.test("RunEvents tells where a run waits when that changes, and to whoever comes back", () => {
  const waiting = [{
    node_id: "w",
    scope: "split.1",
    kind: "signal",
    name: "paid",
    data: null,
    run_id: null,
    until: null,
  }];
  const events = new RunEvents(START, EPOCH);
  const told = (found: Iterable<RunEvent>) => [...found].filter(({ event }) => event === "waiting").map((e) => e.data);
  assertEquals(told(events.take(progress(EPOCH, []))), []);
  assertEquals(told(events.take(progress(EPOCH, [], { waiting }))), [{ waiting }]);
  assertEquals(told(events.take(progress(EPOCH, [], { waiting }))), []);
  assertEquals(told(events.take(progress(EPOCH, []))), [{ waiting: [] }]);
  const back = new RunEvents(events.position, EPOCH);
  assertEquals(brief(back.take(progress(EPOCH, [], { status: "paused" }))), ["run paused"]);
  assertEquals(told(back.take(progress(EPOCH, [], { status: "paused", waiting }))), [{ waiting }]);
  const again = new RunEvents(parsePosition(formatPosition(back.position) ?? "") ?? START, EPOCH);
  assertEquals(told(again.take(progress(EPOCH, [], { status: "paused" }))), [{ waiting: [] }]);
  const last = { status: "compensated", finished_at: new Date(EPOCH).toISOString(), waiting } as const;
  const final = [...back.take(progress(EPOCH, [], last))];
  assertEquals(brief(final), ["run compensated", "end compensated"]);
  assertEquals(parsePosition(final[0]?.id ?? "")?.waits, false);
});

Deno.test("a step that runs for long while thousands end: ids end before they are too long, and nothing is missed", () => {
  const steps = Array.from({ length: 2_000 }, (_, n) => step(n, EPOCH + 10_000 + n));
  const events = new RunEvents(START, EPOCH);
  let lastId = formatPosition(START) ?? "";
  const received = [...events.take(progress(EPOCH, steps))].map((event) => {
    lastId = event.id ?? lastId;
    assert(lastId.length < 4_096);
    return event;
  });
  assertEquals(brief(received).length, 2_001);
  const { since, seen } = parsePosition(lastId) ?? START;
  const again = steps.filter(({ key, finished_at }) => Date.parse(finished_at) >= since && !seen.includes(key));
  assertEquals(again.length, 2_000 - 330);
  // Once the long one has ended, ids come back.
  const [event] = events.take(progress(EPOCH + 60_000, [step(2_000, EPOCH + 59_000)]));
  assertEquals(parsePosition(event?.id ?? "")?.seen.length, 1);
});

Deno.test("RunEvents forgets steps that nothing can come before any more, so that ids stay short", () => {
  const events = new RunEvents(START, EPOCH);
  for (let n = 0; n < 1_000; n++) [...events.take(progress(EPOCH + n * 1_000, [step(n, EPOCH + n * 1_000)]))];
  assert(events.position.seen.length <= 6);
  const resumed = new RunEvents(events.position, EPOCH + 1_000_000);
  [...resumed.take(progress(EPOCH + 1_020_000, []))];
  assertEquals(resumed.position.seen, []);
});

/** Numbers in [0, 1), the same in every run: https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
function chance(seed: number): () => number {
  return () => {
    seed = seed + 0x6D2B79F5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

/** Branches that run at once: each step ends at some time, and is recorded at some later one. */
function simulate(random: () => number) {
  const branches = Array.from({ length: 1 + Math.floor(random() * 4) }, () => EPOCH + Math.floor(random() * 20_000));
  let key = 0;
  const steps = branches.flatMap((leasedAt) => {
    let at = leasedAt;
    return Array.from({ length: 1 + Math.floor(random() * 8) }, () => {
      const since = at;
      const finishedAt = at + Math.floor(random() * random() * 15_000);
      at = finishedAt + Math.floor(random() * 8_000);
      return { leasedAt: since, recordedAt: at, step: step(key++, finishedAt) };
    });
  });
  const endedAt = Math.max(...steps.map(({ recordedAt }) => recordedAt));
  /** What Postgres would answer at a moment. */
  const read = (now: number, { since, seen }: { since: number; seen: readonly string[] }): RunProgress => {
    const news = steps.filter(({ recordedAt, step }) =>
      recordedAt <= now && Date.parse(step.finished_at) >= since && !seen.includes(step.key)
    ).map(({ step }) => step).sort((a, b) => a.finished_at < b.finished_at ? -1 : 1);
    const running = steps.filter(({ leasedAt, recordedAt }) => leasedAt <= now && recordedAt > now);
    const completeUntil = Math.min(now, ...running.map(({ leasedAt }) => leasedAt));
    const limit = 1 + Math.floor(random() * 4);
    return progress(completeUntil, news.slice(0, limit), {
      more: news.length > limit,
      ...(now >= endedAt && { status: "completed", finished_at: new Date(endedAt).toISOString() }),
    });
  };
  return { read, count: steps.length };
}

Deno.test("a client that connects again and again misses no step and sees none twice", () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = chance(seed);
    const { read, count } = simulate(random);
    const received: string[] = [];
    let lastId = formatPosition(START) ?? "";
    let now = EPOCH;
    while (lastId !== "end") {
      const events = new RunEvents(parsePosition(lastId) ?? START, now);
      let stays = Math.floor(random() * 6);
      while (stays-- > 0 && lastId !== "end") {
        const news = read(now, events.position);
        for (const event of events.take(news)) {
          if (event.event === "step") received.push((event.data as { node_id: string }).node_id);
          lastId = event.id ?? lastId;
          // The connection breaks in the middle of what was read.
          if (random() < 0.2) {
            stays = 0;
            break;
          }
        }
        if (!news.more) now += Math.floor(random() * 1_500);
      }
    }
    assertEquals(received.length, count, `seed ${seed}`);
    assertEquals(new Set(received).size, count, `seed ${seed}`);
  }
});
