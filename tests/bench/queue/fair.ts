/**
 * Many tenants, one of them with far too much: who is served, and what serving them fairly costs.
 *
 * @module
 */
import { type Arena, type Bench, CONCURRENCY, openArena } from "./_bench.ts";
import { claimJobs, enqueueJobs, finishJobs, type Sql } from "./_ours.ts";
import { median, number, type Table } from "./_table.ts";

/** The functions that are compared. */
const CLAIMS = { fair: "claim_jobs", unfair: "claim_unfairly" } as const;

/** One line of the table. */
type Line = [what: string, found: string, aim: string];

/** Measures our claim. Peers have no tenants. */
export async function fair(bench: Bench): Promise<Table[]> {
  const ours = bench.contestants.find((contestant) => contestant.ours);
  if (ours === undefined) return [];
  const arena = await openArena(bench, ours);
  try {
    const lines: Line[] = [];
    for (const measure of [newcomers, equalShares, weightedShares, costs]) {
      bench.note(`fair: ${measure.name}`);
      await arena.agent.ask("reset", {});
      lines.push(...await measure(bench, arena));
    }
    const { organizations, crowd } = bench.sizes;
    return [{
      title: "Fair between tenants",
      about:
        `${number(organizations)} organizations, one of them with ${number(crowd)} jobs; claims of ${CONCURRENCY}. ` +
        `Jain's index is 1 when all get the same. The unfair claim takes the oldest jobs, and is otherwise the same.`,
      columns: ["what", "found", "aim"],
      rows: lines,
    }];
  } finally {
    await arena.close();
  }
}

/** How many claims a newcomer's job waits for. */
async function newcomers({ sizes }: Bench, { sql }: Arena): Promise<Line[]> {
  await makeCrowd(sql, sizes.organizations, CONCURRENCY * 2, sizes.crowd);
  const workerId = crypto.randomUUID();
  // In the first round everybody is new, and waits for those who came before.
  await serve(sql, workerId, (sizes.organizations + 1) * CONCURRENCY);
  const batches: number[] = [];
  for (let trial = 0; trial < 20; trial++) {
    const newcomer = crypto.randomUUID();
    await enqueueJobs(sql, [{ type: "bench.noop", organization_id: newcomer, payload: {} }]);
    for (let batch = 1;; batch++) {
      const jobs = await claimJobs(sql, workerId, CONCURRENCY);
      await finishJobs(sql, workerId, jobs, false);
      if (jobs.some((job) => job.organization_id === newcomer)) {
        batches.push(batch);
        break;
      }
      if (batch === 1_000) throw new Error("A newcomer's job was not claimed");
    }
  }
  return [[
    "claims until a newcomer's job begins, median and most of 20",
    `${median(batches)}, ${Math.max(...batches)}`,
    "1",
  ]];
}

/** Jain's index while everybody has work. */
async function equalShares({ sizes }: Bench, { sql }: Arena): Promise<Line[]> {
  // A claim is one organization's: after twenty of each nobody is further off than one.
  const each = CONCURRENCY * 20;
  await makeCrowd(sql, sizes.organizations, each + CONCURRENCY, sizes.crowd);
  const served = await serve(sql, crypto.randomUUID(), (sizes.organizations + 1) * each);
  const counts = [...served.values(), ...Array(sizes.organizations + 1 - served.size).fill(0)];
  const sum = counts.reduce((a, b) => a + b, 0);
  const squares = counts.reduce((a, b) => a + b * b, 0);
  const jain = sum * sum / (counts.length * squares);
  return [
    ["Jain's index under equal weights", jain.toFixed(5), "≥ 0.999"],
    ["fewest and most jobs of an organization", `${Math.min(...counts)}, ${Math.max(...counts)}`, ""],
  ];
}

/** Shares of organizations whose plans weigh differently. */
async function weightedShares({ sizes }: Bench, { sql }: Arena): Promise<Line[]> {
  const plans = await sql<{ id: string; weight: number }[]>`
    select id, queue_weight::integer as weight from public.plans order by queue_weight`;
  const perPlan = Math.max(2, Math.floor(sizes.organizations / 100));
  // Whole batches are served, so the first jobs say nothing of shares: one batch is to be well below 2 % of the least share.
  const total = sizes.organizations * 100;
  const weights = perPlan * plans.reduce((sum, { weight }) => sum + weight, 0);
  const planOf = new Map<string, string>();
  for (const { id, weight } of plans) {
    for (let n = 0; n < perPlan; n++) {
      const organization = crypto.randomUUID();
      planOf.set(organization, id);
      await sql`insert into public.organizations (id, name, slug, plan_id)
        values (${organization}, 'Bench', ${`b-${organization}`}, ${id})`;
      await fill(sql, organization, Math.ceil(total * weight / weights * 1.5));
    }
  }
  const served = await serve(sql, crypto.randomUUID(), total);
  const got = [...served.values()].reduce((a, b) => a + b, 0);
  let worst = 0;
  for (const [organization, plan] of planOf) {
    const due = plans.find(({ id }) => id === plan)!.weight / weights;
    worst = Math.max(worst, Math.abs((served.get(organization) ?? 0) / got / due - 1));
  }
  const shares = plans.map(({ id, weight }) => {
    const jobs = [...served].reduce((sum, [organization, n]) => planOf.get(organization) === id ? sum + n : sum, 0);
    return `${id} (${weight}) ${(jobs / got * 100).toFixed(1)} %`;
  });
  return [
    ["furthest that an organization is from its weight's share", `${(worst * 100).toFixed(2)} %`, "≤ 2 %"],
    ["shares by plan (weight)", shares.join(", "), ""],
  ];
}

/** The time of a fair claim beside an unfair one, in turns. */
async function costs({ sizes }: Bench, { sql }: Arena): Promise<Line[]> {
  await sql.unsafe(await Deno.readTextFile(new URL("unfair_claim.sql", import.meta.url)));
  const lines: Line[] = [];
  // Twice what is claimed has to be there. Where each has less than a batch, a claim takes from several.
  const scarce = Math.ceil(sizes.claims * CONCURRENCY * 2 / sizes.organizations);
  for (const [limit, each] of [[CONCURRENCY, CONCURRENCY * 4], [200, 800], [CONCURRENCY, scarce]] as const) {
    await sql`truncate public.job_queue, private.job_turns`;
    await makeCrowd(sql, sizes.organizations, each, sizes.crowd);
    await sql`vacuum analyze public.job_queue`;
    const workerId = crypto.randomUUID();
    const times: Record<"fair" | "unfair", number[]> = { fair: [], unfair: [] };
    for (let n = 0; n < sizes.claims; n++) {
      for (const kind of n % 2 === 0 ? ["fair", "unfair"] as const : ["unfair", "fair"] as const) {
        const started = performance.now();
        const jobs = await claimJobs(sql, workerId, limit, CLAIMS[kind]);
        times[kind].push(performance.now() - started);
        await finishJobs(sql, workerId, jobs, false);
      }
    }
    const [a, b] = [median(times.fair), median(times.unfair)];
    const more = Math.round((a / b - 1) * 100);
    lines.push([
      `a fair claim of ${limit} beside an unfair one, each has ${each}, ms p50`,
      `${number(a)} and ${number(b)} (${more < 0 ? "" : "+"}${more} %)`,
      "≤ +15 %",
    ]);
  }
  return lines;
}

/** Gives `organizations` organizations `each` jobs, and one more `crowd`. */
async function makeCrowd(sql: Sql, organizations: number, each: number, crowd: number): Promise<void> {
  await fill(sql, crypto.randomUUID(), crowd);
  const perCall = Math.max(1, Math.floor(10_000 / each));
  for (let at = 0; at < organizations; at += perCall) {
    await sql`
      select engine.enqueue_jobs(jsonb_agg(jsonb_build_object('type', 'bench.noop', 'organization_id', o.id)))
      from (select gen_random_uuid() as id, n from generate_series(1, ${
      Math.min(perCall, organizations - at)
    }::integer) n) o,
        generate_series(1, ${each}::integer)`;
  }
}

async function fill(sql: Sql, organizationId: string, count: number): Promise<void> {
  for (let at = 0; at < count; at += 10_000) {
    await sql`
      select engine.enqueue_jobs(jsonb_agg(jsonb_build_object('type', 'bench.noop', 'organization_id', ${organizationId}::uuid)))
      from generate_series(1, ${Math.min(10_000, count - at)}::integer)`;
  }
}

/** Claims and settles until `count` jobs were served; gives how many each organization had. */
async function serve(sql: Sql, workerId: string, count: number): Promise<Map<string, number>> {
  const served = new Map<string, number>();
  for (let done = 0; done < count;) {
    const jobs = await claimJobs(sql, workerId, CONCURRENCY);
    if (jobs.length === 0) throw new Error("The queue ran dry");
    await finishJobs(sql, workerId, jobs, false);
    done += jobs.length;
    for (const { organization_id: id } of jobs) served.set(id, (served.get(id) ?? 0) + 1);
  }
  return served;
}
