import postgres from "postgres";
import { compareSchema, readDatabaseAddress, REQUIRED_SCHEMA, type SchemaVersion } from "../../shared/db/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import { checkPooler } from "./_check_pooler.ts";
import type { Finding } from "./_finding.ts";

/** The roles of a Supabase project that grants and policies name. */
const ROLES = ["anon", "authenticated", "service_role"];
/** Jobs without which nothing goes on by itself; those of system tasks are read from their table. */
const CLOCK_JOBS = ["millrace-tick", "millrace-task-watch", "millrace-task-starts"];
/** Seconds after which the clock, which ticks every ten, stands still. */
const CLOCK_SECONDS = 60;

const STEP = {
  prepare: "docs/deploy.md#3-prepare-the-project",
  migrate: "docs/deploy.md#4-migrations",
  configure: "docs/deploy.md#7-tell-the-database-where-the-functions-are",
} as const;

/** The database itself: schema, roles, extensions, clock, settings, master keys. */
export async function checkDatabase(url: string, env: Env | null): Promise<Finding[]> {
  const findings: Finding[] = [];
  let sql: postgres.Sql | undefined;
  try {
    sql = postgres(readDatabaseAddress(url).href, { max: 1, prepare: false, onnotice: () => {}, connect_timeout: 10 });
    await sql`select 1`;
    findings.push({ level: "ok", about: "database", message: "It takes connections" });
    const checks = {
      pooler: () => checkPooler(url),
      schema: checkSchema,
      roles: checkRoles,
      extensions: checkExtensions,
      vault: checkVault,
      settings: checkSettings,
      clock: checkClock,
    };
    for (const [about, check] of Object.entries(checks)) findings.push(...await guarded(about, () => check(sql!)));
    findings.push(...await guarded("master keys", () => checkMasterKeys(sql!, env)));
  } catch {
    // What the driver says may hold the address, and with it the password.
    const message = "It cannot be reached with this address, or refuses its user";
    findings.push({
      level: "problem",
      about: "database",
      message,
      expected: "postgresql://user:password@host:5432/postgres",
    });
  } finally {
    await sql?.end({ timeout: 2 }).catch(() => {});
  }
  return findings;
}

/** A check that fails is a finding, and keeps no other back. */
async function guarded(about: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const code = (error as { code?: string }).code ?? "no code";
    return [{
      level: "problem",
      about,
      message: `The database does not answer this check (${code})`,
      documentation: STEP.migrate,
    }];
  }
}

async function checkSchema(sql: postgres.Sql): Promise<Finding[]> {
  const about = "schema";
  const [there] = await sql`
    select to_regclass('public.flows') is not null as migrated, to_regprocedure('engine.schema_version()') is not null as tells`;
  if (there?.migrated !== true) {
    return [{ level: "problem", about, message: "The database has not been migrated", documentation: STEP.migrate }];
  }
  const [row] = there.tells === true ? await sql`select engine.schema_version() as found` : [];
  const found: SchemaVersion | undefined = typeof row?.found === "string" ? JSON.parse(row.found) : row?.found;
  const state = found === undefined ? "too_old" : compareSchema(found);
  if (state === "ok") {
    return [{ level: "ok", about, message: `${found?.version} serves functions for ${REQUIRED_SCHEMA}` }];
  }
  const message = state === "too_old"
    ? `It is ${found?.version ?? "of before it told its version"}: migrations are missing`
    : `It serves functions from ${found?.serves_from} on: newer functions are needed`;
  const documentation = "docs/deploy.md#schema-and-functions";
  return [{ level: "problem", about, message, expected: `${REQUIRED_SCHEMA} or newer`, documentation }];
}

async function checkRoles(sql: postgres.Sql): Promise<Finding[]> {
  const rows =
    await sql`select rolname as name, rolsuper or rolbypassrls as passes from pg_roles where rolname = any (${ROLES})`;
  const missing = ROLES.filter((role) => !rows.some(({ name }) => name === role));
  const open = rows.filter(({ name, passes }) => passes === true && name !== "service_role").map(({ name }) => name);
  return [
    ...missing.map((role): Finding => ({ level: "problem", about: "roles", message: `The role ${role} is missing` })),
    ...open.map((role): Finding => ({
      level: "problem",
      about: "roles",
      message: `${role} passes row level security`,
    })),
    ...(missing.length + open.length === 0
      ? [{ level: "ok", about: "roles", message: "They are there" } as const]
      : []),
  ];
}

async function checkExtensions(sql: postgres.Sql): Promise<Finding[]> {
  // By what they give: stacks without the extension stand in for it with functions of the same signature.
  const [row] = await sql`
    select to_regprocedure('cron.schedule(text, text, text)') is not null as pg_cron,
      to_regproc('net.http_post') is not null as pg_net`;
  return Object.entries({
    pg_cron: "nobody notices that a worker died, nothing is started by time",
    pg_net: "the database wakes no worker: work waits until somebody calls the function worker",
  }).map(([name, otherwise]) =>
    row?.[name] === true
      ? { level: "ok", about: name, message: "It is there" }
      : { level: "problem", about: name, message: `It is missing: ${otherwise}`, documentation: STEP.prepare }
  );
}

/** Nothing of ours is kept there: whoever looks for our secrets in it learns so. */
async function checkVault(sql: postgres.Sql): Promise<Finding[]> {
  const [row] = await sql`select to_regclass('vault.secrets') is not null as is_there`;
  const message = row?.is_there === true
    ? "It is there; Millrace keeps nothing in it (its secrets are sealed with MILLRACE_MASTER_KEYS)"
    : "It is not there, and not needed";
  return [{ level: "note", about: "vault", message, documentation: "docs/secrets.md" }];
}

async function checkSettings(sql: postgres.Sql): Promise<Finding[]> {
  const rows = await sql`select name, value from private.settings where name in ('functions_url', 'operator_email')`;
  const names = rows.map(({ name }) => name);
  return [
    names.includes("functions_url")
      ? { level: "ok", about: "settings", message: "The database knows where the functions are" }
      : {
        level: "problem",
        about: "settings",
        message: "The database does not know where the functions are: call engine.configure",
        documentation: STEP.configure,
      },
    ...(names.includes("operator_email") ? [] : [
      {
        level: "note",
        about: "settings",
        message: "Nobody is told when a system task fails (p_operator_email)",
      } as const,
    ]),
  ];
}

async function checkClock(sql: postgres.Sql): Promise<Finding[]> {
  const about = "clock";
  const [there] =
    await sql`select to_regclass('cron.job') is not null as jobs, to_regclass('cron.job_run_details') is not null as runs`;
  if (there?.jobs !== true) return [];
  const tasks = await sql`select 'millrace-' || name as name from private.system_tasks where is_enabled`;
  const active = new Set((await sql`select jobname from cron.job where active`).map(({ jobname }) => jobname));
  const missing = [...CLOCK_JOBS, ...tasks.map(({ name }) => name as string)].filter((name) => !active.has(name));
  const findings: Finding[] = missing.length === 0 ? [] : [{
    level: "problem",
    about,
    message: `Jobs of pg_cron are missing or switched off, call engine.configure: ${missing.join(", ")}`,
    documentation: STEP.configure,
  }];
  if (there.runs !== true || missing.includes("millrace-tick")) return findings;
  const [last] = await sql`
    select extract(epoch from now() - max(d.start_time))::integer as seconds
    from cron.job_run_details d join cron.job j using (jobid) where j.jobname = 'millrace-tick' and d.status = 'succeeded'`;
  const seconds: number | null = last?.seconds ?? null;
  if (seconds !== null && seconds <= CLOCK_SECONDS) return [...findings, { level: "ok", about, message: "It ticks" }];
  const message = seconds === null
    ? "It has not ticked yet: wait a minute, then call engine.configure once more"
    : `It last ticked ${seconds} seconds ago: look into cron.job_run_details`;
  return [...findings, { level: "problem", about, message, documentation: STEP.configure }];
}

/** Every key that protects a value must be in the environment. */
async function checkMasterKeys(sql: postgres.Sql, env: Env | null): Promise<Finding[]> {
  if (env === null) return [];
  const about = "MILLRACE_MASTER_KEYS";
  const documentation = "docs/secrets.md#master-keys";
  const [row] = await sql`select engine.count_secrets_by_key() as reply`;
  const counts: Record<string, number> = typeof row?.reply === "string" ? JSON.parse(row.reply) : row?.reply ?? {};
  const known = Object.keys(env.masterKeys?.keys ?? {});
  const findings = Object.entries(counts).filter(([id]) => !known.includes(id)).map(([id, count]): Finding => ({
    level: "problem",
    about,
    message: `${count} values are sealed with the key ${id}, which is not among them: they cannot be read`,
    documentation,
  }));
  const [plain] = await sql`select count(*)::integer as rows from private.webhook_secrets where secret is not null`;
  if (plain?.rows > 0) {
    const message = `${plain?.rows} secrets of webhook endpoints are not sealed: deno task secrets:rotate`;
    findings.push({ level: "note", about, message, documentation: "docs/secrets.md#secrets-of-webhook-endpoints" });
  }
  const sealed = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return findings.some(({ level }) => level === "problem") || env.masterKeys === null
    ? findings
    : [...findings, { level: "ok", about, message: `They open all ${sealed} values` }];
}
