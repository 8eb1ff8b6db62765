/**
 * A worker of the release before this one, in a process of its own: `deno run -A _previous_worker.ts JSON`.
 *
 * It is no copy of the old engine. It knows the words between that engine and Postgres, as they were recorded for one run
 * of the flow of `_line.ts`, and says them again for every run of it that it is given, with the effects in between. What it
 * was not recorded with, it treats as the old engine did: it asks for the plans of all that it claimed, and when Postgres
 * refuses, it runs nothing and gives everything back.
 *
 * @module
 */
import postgres from "postgres";
import recording from "./testdata/previous_release.json" with { type: "json" };
import type { WorkerCommand, WorkerReport } from "./_worker.ts";

/** A token as that release was given it. */
interface OldJob {
  job: string;
  epoch: number;
  run_id: string;
  organization_id: string;
  flow_version_id: string;
  deadline_ms: number;
  recorded: { node: string }[] | null;
}

/** What that release settled. */
interface OldResult {
  deadline_ms: number;
  hold?: boolean;
  steps: { node: string; output: { url?: string } }[];
}

const SETTLES = recording.calls.filter(({ name }) => name === "settle_jobs")
  .map(({ args }) => args.p_results?.[0] as unknown as OldResult);

/** Milliseconds between two claims while there is nothing to do. */
const POLL_MS = 50;

async function main({ databaseUrl, port, idleMs = 1_000, budgetMs = 20_000 }: WorkerCommand): Promise<void> {
  void endWithParent();
  const sql = postgres(databaseUrl, { max: 2, prepare: false, fetch_types: false, onnotice: () => {} });
  const logged: Record<string, number> = {};
  let [settled, lost] = [0, 0];
  const began = performance.now();
  let busyAt = began;
  while (performance.now() - began < budgetMs && performance.now() - busyAt < idleMs) {
    const worker = crypto.randomUUID();
    const call = async (name: string, args: { [parameter: string]: unknown }) => {
      const names = Object.keys(args).map((parameter, place) =>
        `${parameter} => $${place + 1}::text${TYPES[parameter]}`
      );
      const values = Object.entries(args).map(([parameter, value]) => encode(parameter, value));
      const [row] = await sql.unsafe(`select engine.${name}(${names.join(", ")}) as reply`, values);
      return row?.reply;
    };
    try {
      const jobs: OldJob[] = await call("claim_jobs", {
        p_worker_id: worker,
        p_limit: 4,
        p_kind: "worker",
        p_run_id: null,
      });
      if (jobs.length > 0) {
        busyAt = performance.now();
        const versions = [...new Set(jobs.map(({ flow_version_id }) => flow_version_id))];
        await call("load_plans", { p_version_ids: versions, p_plan_version: 2 });
        const results = await Promise.all(jobs.map((job) => walk(job, worker, port, call)));
        settled += results.filter(Boolean).length;
        lost += results.filter((isSettled) => !isSettled).length;
      } else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    } catch (error) {
      if (Deno.env.has("CHAOS_LOG")) console.error(error);
      logged["engine.plans_failed"] = (logged["engine.plans_failed"] ?? 0) + 1;
    }
    await call("release_worker", { p_worker_id: worker, p_wake_successor: false }).catch(() => {});
  }
  await sql.end({ timeout: 1 });
  const report: Omit<WorkerReport, "report"> & { report: { settled: number; lost: number; more: boolean } } = {
    report: { settled, lost, more: false },
    counts: {},
    logged,
  };
  console.log(JSON.stringify(report));
  Deno.exit(0);
}

/** Does what was recorded for a run, from where it stands; false = somebody else has it. */
async function walk(
  job: OldJob,
  worker: string,
  port: number,
  call: (name: string, args: { [parameter: string]: unknown }) => Promise<{ settled: string[] }>,
): Promise<boolean> {
  const done = new Set((job.recorded ?? []).map(({ node }) => node));
  for (const [place, template] of SETTLES.entries()) {
    const isLast = place === SETTLES.length - 1;
    const steps = template.steps.filter(({ node }) => !done.has(node));
    if (steps.length === 0 && !isLast) continue;
    for (const { node, output: { url } } of steps) {
      if (url === undefined) continue;
      const response = await fetch(url.replace("{ledger}", `http://127.0.0.1:${port}`), {
        method: "POST",
        headers: { "idempotency-key": `${job.run_id}:${node}` },
        body: "{}",
      });
      await response.body?.cancel();
    }
    const { epoch, run_id, organization_id, deadline_ms } = job;
    const result = { ...template, job: job.job, epoch, run_id, organization_id, deadline_ms, steps };
    const reply = await call("settle_jobs", { p_worker_id: worker, p_results: [result] });
    if (!reply.settled.includes(job.job)) return false;
  }
  return true;
}

const TYPES: Readonly<Record<string, string>> = {
  p_worker_id: "::uuid",
  p_limit: "::integer",
  p_kind: "",
  p_run_id: "::uuid",
  p_version_ids: "::uuid[]",
  p_plan_version: "::integer",
  p_results: "::jsonb",
  p_wake_successor: "::boolean",
};

function encode(parameter: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (parameter === "p_results") return JSON.stringify(value);
  return Array.isArray(value) ? `{${value.join(",")}}` : String(value);
}

async function endWithParent(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
  Deno.exit(1);
}

if (import.meta.main) await main(JSON.parse(Deno.args[0] ?? "") as WorkerCommand);
