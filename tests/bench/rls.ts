/**
 * What row level security costs on the lists: the query that a list sends as a member, beside the same query with the
 * organization given and no policy in the way.
 *
 * @module
 */
import postgres from "postgres";
import { startPostgres, withDatabase } from "../helpers/postgres.ts";
import { cpuOf } from "./_cpu.ts";

/** A list: its table, its columns and what they are filled with. */
interface List {
  readonly table: string;
  readonly columns: string;
  /** What the policy asks besides the organization. */
  readonly besides?: string;
  readonly fill: (perOrganization: number) => string;
}

/** Rows of a page, and the one after it that tells whether there are more. */
const PAGE = 51;

const LISTS: readonly List[] = [
  {
    table: "flows",
    besides: "and deleted_at is null",
    columns: "id, workspace_id, name, description, is_active, current_version_id, version, created_at, updated_at",
    fill: (each) => `
      insert into public.flows (organization_id, workspace_id, name)
      select w.organization_id, w.id, 'Flow ' || n from public.workspaces w, generate_series(1, ${each}) n`,
  },
  {
    table: "runs",
    columns: "id, flow_id, flow_version_id, status, trigger, created_at, started_at, finished_at, error",
    fill: (each) => `
      insert into public.runs (organization_id, flow_id, flow_version_id, trigger, input, deadline_at)
      select w.organization_id, w.id, w.id, 'manual', '{}', now() from public.workspaces w, generate_series(1, ${each}) n`,
  },
];

/** Runs the benchmark: `deno task bench rls [--organizations=1000] [--rows=1000] [--calls=400] [--plans]`. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
  const [organizations, rows, calls] = [option("organizations", 1_000), option("rows", 1_000), option("calls", 400)];
  const server = await startPostgres({ private: true, durable: false, settings: { max_wal_size: "16GB" } });
  try {
    await withDatabase(async (db) => {
      const user = await db.createUser();
      await db.as("authenticated", user.claims, (sql) => sql`select public.gate()`);
      await db.sql`insert into public.organizations (name, slug)
        select 'Bench', 'bench-' || n from generate_series(2, ${organizations}::integer) n`;
      await db.sql`insert into public.workspaces (organization_id, name)
        select o.id, 'Default' from public.organizations o
        where not exists (select 1 from public.workspaces w where w.organization_id = o.id)`;
      const [mine] = await db.sql`select organization_id as id from public.organization_members`;
      console.log(
        `${organizations} organizations, ${rows} rows of each in each; pages of ${PAGE - 1}; ${calls} calls.\n`,
      );
      console.log("| list | as a member, CPU µs | organization given, CPU µs | more | pages read |");
      console.log("| --- | ---: | ---: | ---: | ---: |");
      for (const list of LISTS) {
        await fill(db.url, list, rows);
        console.log(await compare(db.url, list, { claims: user.claims, organization: mine!.id, calls, args }));
      }
    }, { server });
  } finally {
    await server.stop();
  }
}

/** Fills a table past its triggers and foreign keys, which are not what is measured. */
async function fill(url: string, { table, fill }: List, rows: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe("set session_replication_role = replica");
  await sql.unsafe(fill(rows));
  await sql.unsafe(`vacuum analyze public.${table}`);
  await sql.end();
}

interface Comparison {
  readonly claims: Record<string, unknown>;
  readonly organization: string;
  readonly calls: number;
  readonly args: readonly string[];
}

/** Both ways by turns, ten calls each time: transactions as the Data API makes them. */
async function compare(url: string, { table, columns, besides = "" }: List, comparison: Comparison): Promise<string> {
  const { claims, organization, calls, args } = comparison;
  const query = (filter: string) =>
    `select coalesce(json_agg(l), '[]')::text as page from (
      select ${columns} from public.${table} where organization_id = $1::uuid ${filter} order by id desc limit ${PAGE}
    ) l`;
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  const ask = async (role: "authenticated" | "service_role", filter: string): Promise<string> =>
    await sql.begin("read only", async (transaction) => {
      await transaction.unsafe(
        "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)",
        [role, JSON.stringify(claims)],
        { prepare: true },
      );
      const [row] = await transaction.unsafe<{ page: string }[]>(query(filter), [organization], { prepare: true });
      return row!.page;
    });
  const ways = { member: () => ask("authenticated", ""), given: () => ask("service_role", besides) };
  const pages = [await ways.member(), await ways.given()];
  if (pages[0] !== pages[1] || pages[0] === "[]") throw new Error(`${table}: the member does not see what is there`);
  const [session] = await sql`select pg_backend_pid() as pid`;
  const spent = { member: 0, given: 0 };
  for (let call = 0; call < calls; call += 20) {
    for (const way of call % 40 === 0 ? ["member", "given"] as const : ["given", "member"] as const) {
      const before = cpuOf([session!.pid]);
      for (let n = 0; n < 20; n++) await ways[way]();
      spent[way] += cpuOf([session!.pid]) - before;
    }
  }
  const plan = await sql.begin(async (transaction) => {
    await transaction`select set_config('role', 'authenticated', true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
    return await transaction.unsafe(`explain (analyze, buffers) ${query("").replace("$1", `'${organization}'`)}`);
  });
  await sql.end();
  const lines = plan.map((row) => String(row["QUERY PLAN"]));
  if (args.includes("--plans")) console.log(`\n${table}:\n${lines.join("\n")}\n`);
  const [a, b] = [spent.member / calls * 1e6, spent.given / calls * 1e6];
  const read = /shared hit=(\d+)/.exec(lines.find((line) => line.includes("Buffers:")) ?? "")?.[1] ?? "?";
  return `| ${table} | ${a.toFixed(0)} | ${b.toFixed(0)} | ${((a / b - 1) * 100).toFixed(0)} % | ${read} |`;
}
