import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { ClaimPace, type InHand } from "./claim_pace.ts";

const IDLE: InHand = { limit: 16, running: 0, backlog: 0, unwritten: 0, bytes: 0 };

function paceOf(options: Partial<ConstructorParameters<typeof ClaimPace>[0]> = {}): ClaimPace {
  return new ClaimPace({ pollMs: 200, batch: 500, maxBytes: 64_000_000, ...options }, 0);
}

/** A claim that found so much. */
function claim(pace: ClaimPace, wanted: number, found: number, now: number, bytesEach = 100): void {
  pace.claiming();
  pace.claimed(wanted, found, found * bytesEach, now);
}

Deno.test("a worker claims what it can do at once, and only when there is room for several", () => {
  const pace = paceOf();
  assertEquals(pace.wanted(IDLE, 0), 16);
  assertEquals(pace.wanted({ ...IDLE, running: 12 }, 0), 4);
  assertEquals(pace.wanted({ ...IDLE, running: 13 }, 0), 0);
});

Deno.test("a worker claims ahead what it does in a tenth of a second", () => {
  const pace = paceOf();
  pace.ended(20, 100);
  pace.ended(10, 200);
  // 0.15 a millisecond on the average of the windows: 15 ahead.
  assertEquals(pace.wanted({ ...IDLE, limit: 16 }, 200), 31);
  const fast = paceOf();
  fast.ended(10_000, 100);
  assertEquals(fast.wanted(IDLE, 100), 500);
  const slow = paceOf();
  slow.ended(1, 1_000);
  assertEquals(slow.wanted(IDLE, 1_000), 16);
});

Deno.test("after a rest the rate is measured anew and at once, and the rest does not count", () => {
  const pace = paceOf();
  claim(pace, 16, 0, 10_000);
  claim(pace, 16, 16, 20_000);
  pace.ended(10, 20_001);
  assertEquals(pace.wanted(IDLE, 20_001), 16);
  pace.ended(6, 20_004);
  // 4 a millisecond.
  assertEquals(pace.wanted(IDLE, 20_004), 416);
  // From then on over longer windows, and by the average.
  pace.ended(1, 20_010);
  assertEquals(pace.wanted(IDLE, 20_010), 416);
  pace.ended(39, 20_024);
  assertEquals(pace.wanted(IDLE, 20_024), 316);
});

Deno.test("after a claim that found less than it wanted a worker waits, after a full one it does not", () => {
  const pace = paceOf();
  claim(pace, 16, 16, 10);
  assertEquals(pace.wanted(IDLE, 10), 16);
  claim(pace, 16, 3, 20);
  assertEquals([pace.wanted(IDLE, 100), pace.wait(100), pace.wanted(IDLE, 220)], [0, 120, 16]);
  pace.hurry();
  assertEquals(pace.wanted(IDLE, 100), 16);
});

Deno.test("news that come while a claim is under way are not lost", () => {
  const pace = paceOf();
  pace.claiming();
  pace.notified(1);
  pace.claimed(16, 0, 0, 2);
  assertEquals(pace.wanted(IDLE, 2), 16);
  pace.claiming();
  pace.claimed(16, 0, 0, 3);
  assertEquals(pace.wanted(IDLE, 4), 0);
});

Deno.test("whoever was told of work and found none leaves more and more to others, a tenth of a second at most", () => {
  const pace = paceOf();
  const pauses: number[] = [];
  let now = 1_000;
  for (let news = 0; news < 10; news++) {
    pace.notified(now);
    pauses.push(Math.round(pace.wait(now)));
    now += pauses.at(-1) ?? 0;
    claim(pace, 16, 0, now);
  }
  assertEquals(pauses, [1, 2, 4, 8, 16, 32, 64, 100, 100, 100]);
  // After a rest it is as quick as before.
  pace.notified(now + 1_000);
  assertEquals(pace.wait(now + 1_000), 1);
});

Deno.test("whoever found what it was told of is as quick the next time, though it looked in vain for more", () => {
  const pace = paceOf();
  for (let now = 1_000; now < 2_000; now += 50) {
    pace.notified(now);
    assertEquals(pace.wait(now), 1);
    claim(pace, 16, 1, now + 1);
    pace.hurry();
    claim(pace, 16, 0, now + 3);
  }
});

Deno.test("a worker claims nothing while what it holds, or has not written, is too much", () => {
  const pace = paceOf();
  assertEquals(pace.wanted({ ...IDLE, bytes: 64_000_000 }, 0), 0);
  assertEquals(pace.wanted({ ...IDLE, unwritten: 2_001 }, 0), 0);
  for (let claims = 0; claims < 20; claims++) claim(pace, 1, 1, 0, 10_000_000);
  const wanted = pace.wanted({ ...IDLE, bytes: 20_000_000 }, 0);
  assert(wanted >= 4 && wanted <= 5, String(wanted));
});
