/**
 * `deno task bench NAME`: benchmarks, each in a file of its own. They print counts and ratios and never fail on a time.
 *
 * @module
 */
const BENCHMARKS: Record<string, { about: string; load: () => Promise<{ main(args: string[]): Promise<void> }> }> = {
  engine: {
    about: "steps per second, statements, rows and WAL bytes per step, on both transports",
    load: () => import("./engine.ts"),
  },
  queue: {
    about:
      "the job queue beside graphile-worker and pg-boss, at depth, between tenants, over processes, under webhooks",
    load: () => import("./queue.ts"),
  },
  flows: {
    about: "six scenarios over HTTP beside DBOS: latency, rates, WAL, and what a kill -9 leaves",
    load: () => import("./flows.ts"),
  },
  worker: {
    about: "what the worker itself costs: CPU time a job and a token, measured and as it reckons",
    load: () => import("./worker.ts"),
  },
  regions: {
    about: "many items through a splitter or a loop: time, calls, tokens and memory as they grow",
    load: () => import("./regions.ts"),
  },
  audit: {
    about: "what the audit log costs changes of one tenant by many writers; sealing and verifying a million rows",
    load: () => import("./audit.ts"),
  },
  gate: {
    about: "what the gate costs a request with an API key, at 1,000,000 keys in 100,000 organizations",
    load: () => import("./gate.ts"),
  },
  cache: {
    about:
      "what keeping replies costs the gate and changes, what it saves a GET, and how often memory has what is asked",
    load: () => import("./cache.ts"),
  },
  webhooks_out: {
    about: "what endpoints that hang, drip, flood, redirect and fail cost the deliveries to a good one",
    load: () => import("./webhooks_out.ts"),
  },
  rls: {
    about: "what row level security costs on the lists, at 1,000 organizations with 1,000 rows each",
    load: () => import("./rls.ts"),
  },
};

const [name = "", ...args] = Deno.args;
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  console.log("Usage: deno task bench NAME\n");
  for (const [known, { about }] of Object.entries(BENCHMARKS)) console.log(`  ${known.padEnd(12)} ${about}`);
  Deno.exit(name === "" || name === "--help" ? 0 : 2);
}
await (await benchmark.load()).main(args);
