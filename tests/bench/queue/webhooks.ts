/**
 * A burst of signed webhooks, every event sent several times, over HTTP to the local stack.
 *
 * @module
 */
import type postgres from "postgres";
import { readMigrations } from "../../../supabase/local/migrations.ts";
import { startStack } from "../../../supabase/local/stack.ts";
import { signUp } from "../../e2e/_frontend.ts";
import { setUpShop } from "../../e2e/_shop.ts";
import { draw, set } from "../../helpers/flows.ts";
import { createDatabase } from "../../helpers/postgres.ts";
import type { TestStack } from "../../helpers/stack.ts";
import { signStripe } from "../../helpers/webhooks.ts";
import type { Bench } from "./_bench.ts";
import { number, percentile, type Table } from "./_table.ts";

const SECRET = "whsec_of_the_burst";

/** Milliseconds after which runs that have not ended count as lost. */
const GIVE_UP_MS = 180_000;

/** How often a request is sent again that got no 2xx. */
const MAX_ATTEMPTS = 20;

/** What the sender saw. */
interface Sent {
  /** Milliseconds until each request was answered with 2xx. */
  ms: number[];
  /** Answers that were no 2xx; their events were sent again. */
  refused: Map<number, number>;
  /** Acknowledged as new, and as a repetition. */
  fresh: number;
  repeated: number;
}

/** Measures the whole way: hooks function, Postgres, worker. */
export async function webhooks(bench: Bench): Promise<Table[]> {
  const db = await createDatabase({ server: bench.server, connections: 2 });
  await recordMigrations(db.sql);
  const stack = await startStack({
    port: 0,
    databaseUrl: db.url,
    dataFolder: null,
    functionsEnv: { LOG_LEVEL: "warn" },
  });
  try {
    const owner = await signUp(
      { url: stack.url, publishableKey: stack.keys.publishable.default } as TestStack,
      "burst",
    );
    const graph = draw({ event: ["trigger.webhook"], order: set({ id: "{{ trigger.body.id }}" }) }, "event>order");
    const { flowId, webhook } = await setUpShop(owner, graph, { provider: "stripe", secret: SECRET });
    await db.sql`update public.organizations set plan_id = 'enterprise'`;
    // Once before it counts: code that is loaded by the first request.
    await sendAll(webhook.url, bodies("warm", Math.min(50, bench.sizes.events), 1), bench.sizes.senders);
    await untilDone(db.sql, flowId);
    await db.sql`delete from public.runs where flow_id = ${flowId}`;

    const { events, copies, senders } = bench.sizes;
    const all = shuffle(bodies("evt", events, copies));
    bench.note(`${events} events, ${copies} times each, ${senders} at once`);
    const started = performance.now();
    const sent = await sendAll(webhook.url, all, senders);
    const acknowledged = performance.now() - started;
    const finished = await untilDone(db.sql, flowId);
    const done = performance.now() - started;
    if (finished !== events || sent.fresh !== events) {
      throw new Error(`${events} events became ${finished} completed runs, ${sent.fresh} were acknowledged as new`);
    }
    return [table(bench, sent, acknowledged, done)];
  } finally {
    await stack.stop();
    await db.drop();
  }
}

/** Tells the stack that the schema is there: it is the one of `sql/`, as in all sections. */
async function recordMigrations(sql: postgres.Sql): Promise<void> {
  await sql`create schema supabase_migrations`;
  await sql`create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text)`;
  for (const { version, name } of await readMigrations()) {
    await sql`insert into supabase_migrations.schema_migrations (version, name) values (${version}, ${name})`;
  }
}

/** The bodies of events, each so many times. */
function bodies(prefix: string, events: number, copies: number): string[] {
  return Array.from({ length: events }, (_, n) =>
    Array<string>(copies).fill(
      JSON.stringify({ id: `${prefix}_${n}`, object: "event", type: "order.paid", data: { object: { n } } }),
    )).flat();
}

async function sendAll(url: string, all: readonly string[], senders: number): Promise<Sent> {
  const sent: Sent = { ms: [], refused: new Map(), fresh: 0, repeated: 0 };
  let next = 0;
  const sender = async () => {
    for (let body = all[next++]; body !== undefined; body = all[next++]) {
      for (let attempt = 1;; attempt++) {
        // Anew for each delivery, as a provider does: a signature is good for five minutes.
        const signature = await signStripe(body, SECRET);
        const started = performance.now();
        const response = await fetch(url, {
          method: "POST",
          body,
          headers: { "content-type": "application/json", "stripe-signature": signature },
        });
        const reply = await response.json();
        if (response.ok) {
          sent.ms.push(performance.now() - started);
          if (reply.duplicate) sent.repeated++;
          else sent.fresh++;
          break;
        }
        sent.refused.set(response.status, (sent.refused.get(response.status) ?? 0) + 1);
        if (attempt === MAX_ATTEMPTS) throw new Error(`${response.status} again and again: ${JSON.stringify(reply)}`);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
  return sent;
}

/** Waits until every run of a flow has ended; gives how many completed. */
async function untilDone(sql: postgres.Sql, flowId: string): Promise<number> {
  const until = performance.now() + GIVE_UP_MS;
  for (;;) {
    const [row] = await sql<{ open: number; completed: number }[]>`
      select count(*) filter (where finished_at is null)::integer as open,
        count(*) filter (where status = 'completed')::integer as completed
      from public.runs where flow_id = ${flowId}`;
    if (row!.open === 0) return row!.completed;
    if (performance.now() > until) throw new Error(`${row!.open} runs have not ended`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function shuffle<T>(list: T[]): T[] {
  for (let at = list.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    [list[at], list[other]] = [list[other]!, list[at]!];
  }
  return list;
}

function table({ sizes }: Bench, sent: Sent, acknowledged: number, done: number): Table {
  const refused = [...sent.refused].map(([status, count]) => `${count} with ${status}`).join(", ");
  return {
    title: "A burst of webhooks",
    about: `${number(sizes.events)} signed events, each sent ${sizes.copies} times in random order, ${sizes.senders} ` +
      `requests at once, over HTTP to the hooks function of the local stack; sender, gateway, Data API, functions and ` +
      `Postgres share the machine. A run is one step.`,
    columns: ["what", "found"],
    rows: [
      ["runs, all completed", `${number(sent.fresh)} of ${number(sizes.events)}`],
      ["acknowledged as repetitions", number(sent.repeated)],
      ["answers that were no 2xx, sent again", refused || "0"],
      ["acknowledged, ms p50", number(percentile(sent.ms, 0.5))],
      ["acknowledged, ms p99", number(percentile(sent.ms, 0.99))],
      ["all acknowledged after, s", number(acknowledged / 1000)],
      ["all runs finished after, s", number(done / 1000)],
    ],
  };
}
