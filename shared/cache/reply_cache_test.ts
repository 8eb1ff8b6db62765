import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { type KeptReply, type Loaded, ReplyCache, type ReplyRequest } from "./mod.ts";

function replyOf(text: string): KeptReply {
  return { body: new TextEncoder().encode(text), tag: `"${text.slice(0, 10)}"`, headers: {} };
}

interface World {
  readonly cache: ReplyCache;
  seconds: number;
  loads: number;
  behind: Promise<unknown>[];
  ask(stamp: string, text?: string, more?: Partial<ReplyRequest>): Promise<string>;
}

/** A cache with a clock of its own; `ask` says the outcome and what was answered. */
function world(maxBytes = 100_000): World {
  const it: World = {
    cache: new ReplyCache({ maxBytes, now: () => it.seconds * 1000 }),
    seconds: 0,
    loads: 0,
    behind: [],
    async ask(stamp, text = "x", more = {}) {
      const { reply, outcome } = await it.cache.find({
        key: "k",
        stamp,
        policy: { maxAgeSeconds: 10, staleWhileRevalidateSeconds: 20 },
        load: () => {
          it.loads++;
          return Promise.resolve({ reply: replyOf(text), isKept: true });
        },
        behind: (work) => it.behind.push(work),
        ...more,
      });
      return `${outcome} ${new TextDecoder().decode(reply.body)}`;
    },
  };
  return it;
}

Deno.test("ReplyCache answers from memory while stamp and age hold", async () => {
  const it = world();
  assertEquals(await it.ask("1", "a"), "miss a");
  assertEquals(await it.ask("1", "b"), "hit a");
  assertEquals(await it.ask("2", "c"), "miss c");
  // The older stamp's reply has made room: it is not found again, even if it came back.
  assertEquals(it.cache.usage.replies, 1);
  assertEquals(await it.ask("1", "d"), "miss d");
  it.seconds = 31;
  assertEquals(await it.ask("1", "e"), "miss e");
});

Deno.test("ReplyCache answers what is past its age once more, and fetches it behind the answer, once", async () => {
  const it = world();
  await it.ask("1", "a");
  it.seconds = 11;
  assertEquals(await Promise.all([it.ask("1", "b"), it.ask("1", "b")]), ["stale a", "stale a"]);
  await Promise.all(it.behind);
  assertEquals([it.behind.length, it.loads], [1, 2]);
  assertEquals(await it.ask("1", "c"), "hit b");
  it.seconds = 22;
  const failing = { load: () => Promise.reject(new Error("away")) };
  assertEquals(await it.ask("1", "", failing), "stale b");
  await Promise.all(it.behind);
  // What could not be fetched anew is not answered any longer.
  await assertRejects(() => it.ask("1", "", failing), Error, "away");
  assertEquals(await it.ask("1", "d"), "miss d");
});

Deno.test("ReplyCache fetches once for as many as come, and fails for all of them", async () => {
  const it = world();
  const gate = Promise.withResolvers<Loaded>();
  let loads = 0;
  const load = () => {
    loads++;
    return gate.promise;
  };
  const all = Promise.all(Array.from({ length: 100 }, () => it.ask("1", "", { load })));
  const other = it.ask("2", "other");
  gate.resolve({ reply: replyOf("a"), isKept: true });
  const outcomes = await all;
  assertEquals([loads, outcomes.filter((outcome) => outcome === "miss a").length], [1, 1]);
  assertEquals(outcomes.filter((outcome) => outcome === "joined a").length, 99);
  assertEquals(await other, "miss other");
  const failing = { load: () => Promise.reject(new Error("away")) };
  const failed = await Promise.allSettled([it.ask("3", "", failing), it.ask("3", "", failing)]);
  assertEquals(failed.map(({ status }) => status), ["rejected", "rejected"]);
  assertEquals(await it.ask("3", "back"), "miss back");
});

Deno.test("ReplyCache gives nobody else what is not to be kept, also not who waits for it", async () => {
  const it = world();
  let n = 0;
  const load = () => Promise.resolve({ reply: replyOf(`${++n}`), isKept: false });
  const answers = await Promise.all([it.ask("1", "", { load }), it.ask("1", "", { load })]);
  assertEquals(answers.toSorted(), ["miss 1", "miss 2"]);
  assertEquals(await it.ask("1", "", { load }), "miss 3");
});

Deno.test("ReplyCache does not grow past its memory, and keeps no reply of more than an eighth of it", async () => {
  const it = world(80_000);
  for (let n = 0; n < 500; n++) await it.ask("1", "x".repeat(n % 5000), { key: `k${n}` });
  const { bytes, replies } = it.cache.usage;
  assert(bytes <= 80_000 && replies > 10 && replies < 100, `${replies} replies, ${bytes} bytes`);
  await it.ask("1", "x".repeat(10_001), { key: "large" });
  assertEquals(await it.ask("1", "again", { key: "large" }), "miss again");
});
