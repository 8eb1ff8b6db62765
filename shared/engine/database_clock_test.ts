import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { databaseClock } from "./_database_clock.ts";

Deno.test("databaseClock() goes on from the time that the job was told, whatever this machine's clock says", () => {
  const now = Date.now;
  try {
    Date.now = () => 0;
    const clock = databaseClock({ now: 1_700_000_000_000 });
    const first = clock();
    assert(first >= 1_700_000_000_000 && first < 1_700_000_001_000, String(first));
    assert(clock() >= first);
  } finally {
    Date.now = now;
  }
});

Deno.test("databaseClock() has only this machine's clock where the job was told nothing", () => {
  assertEquals(databaseClock({}), Date.now);
});
