import { assertEquals } from "../../tests/helpers/assert.ts";
import { CpuMeter } from "./cpu_meter.ts";

/** Holds the event loop up. */
function holdUp(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

Deno.test("a meter that was stopped looks no more, however late its timer is", async () => {
  // What was read meanwhile goes on before timers that are due: under Deno 2.1 those fired though they were cleared.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const near = await Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port });
  const far = await accepting;
  let late = 0;
  try {
    for (let round = 0; round < 60; round++) {
      let isStopped = false;
      const meter = new CpuMeter({ onLook: () => isStopped && late++ });
      meter.start();
      const reading = near.read(new Uint8Array(1));
      await far.write(new Uint8Array(1));
      holdUp(19 + Math.random() * 3);
      await reading;
      isStopped = true;
      meter.stop();
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
    assertEquals(late, 0);
  } finally {
    near.close();
    far.close();
    listener.close();
  }
});

Deno.test("a meter adds up for how long the event loop was held up", async () => {
  const looks: number[] = [];
  const meter = new CpuMeter({ onLook: (lagMs) => void looks.push(lagMs) });
  meter.start();
  meter.start();
  await new Promise((resolve) => setTimeout(resolve, 30));
  holdUp(120);
  await new Promise((resolve) => setTimeout(resolve, 30));
  meter.stop();
  assertEquals(meter.usedMs >= 90, true, `${meter.usedMs} ms`);
  assertEquals(looks.length >= 2, true);
});
