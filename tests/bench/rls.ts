/**
 * What row level security costs on the lists: the query that a list sends as a member, beside the same query with the
 * organization given and no policy in the way.
 *
 * @module
 */
import postgres from "postgres";
import { startPostgres, withDatabase } from "../helpers/postgres.ts";
import { cpuMicrosecondsOf } from "./_cpu.ts";

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
/** Calls of one way before the other has its turn. */
const TURN = 20;

const LISTS: readonly List[] = [
  {
    table: "flows",
    besides: "and deleted_at is null",
    columns: "id, workspace_id, name, description, is_active, current_version_id, version, created_at, updated_at",
    fill: (each) => `
      insert into public.flows (organization_id, workspace_id, name)
      select w.organization_id, w.id, 'Flow ' || n from generate_series(1, ${each}) n, public.workspaces w`,
  },
  {
    table: "runs",
    columns: "id, flow_id, flow_version_id, status, trigger, created_at, started_at, finished_at, error",
    fill: (each) => `
      insert into public.runs (organization_id, flow_id, flow_version_id, trigger, input, deadline_at)
      select w.organization_id, w.id, w.id, 'manual', '{}', now() from generate_series(1, ${each}) n, public.workspaces w`,
  },
];

/**
 * How Postgres plans what is prepared. `auto` is what PostgREST gets, whose page size is a parameter. Kept plans show
 * the least that the policy costs, with planning left out on both sides.
 */
const PLANS = { auto: "as PostgREST gets them", force_generic_plan: "kept, both" } as const;

/** Runs the benchmark: `deno task bench rls [--organizations=1000] [--rows=1000] [--calls=4000] [--plans]`. */
export async function main(args: string[]): Promise<void> {
  const option = (name: string, otherwise: number) =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
  const [organizations, rows, calls] = [option("organizations", 1_000), option("rows", 1_000), option("calls", 4_000)];
  const server = await startPostgres({ private: true, durable: false, settings: { max_wal_size: "16GB" } });
  try {
    await withDatabase(async (db) => {
      const user = await db.createUser();
      await db.as("authenticated", user.claims, (sql) => sql`select public.gate()`);
      await fill(db.url, organizations, rows);
      const [mine] = await db
        .sql`select organization_id as id from public.organization_members where user_id = ${user.id}`;
      console.log(
        `${organizations} organizations, each with ${rows} rows of each; pages of ${PAGE - 1}; ${calls} calls.\n`,
      );
      console.log("| list | plans | organization given: CPU µs | as a member | more | with the gate, more |");
      console.log("| --- | --- | ---: | ---: | ---: | ---: |");
      for (const list of LISTS) {
        for (const plans of Object.keys(PLANS) as (keyof typeof PLANS)[]) {
          console.log(await compare(db.url, list, { claims: user.claims, organization: mine!.id, calls, plans }));
        }
        if (args.includes("--plans")) await showPlans(db.url, list, user.claims, mine!.id);
      }
    }, { server });
  } finally {
    await server.stop();
  }
}

/** Fills the tables past their triggers and foreign keys, which are not what is measured. */
async function fill(url: string, organizations: number, rows: number): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql.unsafe("set session_replication_role = replica");
  await sql`insert into public.organizations (name, slug)
    select 'Bench', 'bench-' || n from generate_series(2, ${organizations}::integer) n`;
  await sql`insert into public.organization_members (organization_id, user_id, role)
    select o.id, gen_random_uuid(), 'member' from public.organizations o
    where not exists (select 1 from public.organization_members m where m.organization_id = o.id)`;
  await sql`insert into public.workspaces (organization_id, name)
    select o.id, 'Default' from public.organizations o
    where not exists (select 1 from public.workspaces w where w.organization_id = o.id)`;
  for (const list of LISTS) await sql.unsafe(list.fill(rows));
  await sql.unsafe("vacuum analyze");
  await sql.end();
}

/** The statement of a list as PostgREST 16 writes it: page size and offset are parameters like the filters. */
function statement({ table, columns }: List, filter: string): string {
  return `with pgrst_source as (
      select ${columns} from public.${table} where organization_id = $1 ${filter} order by id desc limit $2 offset $3
    )
    select null::bigint as total_result_set, pg_catalog.count(_postgrest_t) as page_total,
      coalesce(json_agg(_postgrest_t), '[]')::text as body,
      nullif(current_setting('response.headers', true), '') as response_headers,
      nullif(current_setting('response.status', true), '') as response_status, '' as response_inserted
    from (select * from pgrst_source) _postgrest_t`;
}

/** Says who asks, as the Data API does for each transaction. */
async function actAs(sql: postgres.TransactionSql, role: string, claims: Record<string, unknown>): Promise<void> {
  await sql.unsafe(
    `select set_config('search_path', 'public', true), set_config('role', $1, true),
      set_config('request.jwt.claims', $2, true), set_config('request.method', 'GET', true),
      set_config('request.path', '/flows', true), set_config('request.headers', $3, true),
      set_config('request.cookies', '{}', true)`,
    [role, JSON.stringify(claims), '{"accept":"application/json","user-agent":"bench","x-request-id":"1"}'],
    { prepare: true },
  );
}

interface Comparison {
  readonly claims: Record<string, unknown>;
  readonly organization: string;
  readonly calls: number;
  readonly plans: keyof typeof PLANS;
}

/** The ways by turns on one connection; of all turns the median, so that what else the machine does falls out. */
async function compare(url: string, list: List, { claims, organization, calls, plans }: Comparison): Promise<string> {
  const sql = postgres(url, {
    max: 1,
    onnotice: () => {},
    connection: { plan_cache_mode: plans } as Record<string, string>,
  });
  const ask = async (role: "authenticated" | "service_role", text: string): Promise<string> =>
    await sql.begin("read only", async (transaction) => {
      await actAs(transaction, role, claims);
      const [row] = await transaction.unsafe<{ body: string }[]>(text, [organization, PAGE, 0], { prepare: true });
      return row!.body;
    });
  const texts = { member: statement(list, ""), given: `${statement(list, list.besides ?? "")} -- given` };
  const ways = {
    given: () => ask("service_role", texts.given),
    member: () => ask("authenticated", texts.member),
    gate: () =>
      sql.begin(async (transaction) => {
        await actAs(transaction, "authenticated", claims);
        await transaction.unsafe("select public.gate('read', $1)", [organization], { prepare: true });
      }),
  };
  const pages = [await ways.member(), await ways.given()];
  if (pages[0] !== pages[1] || pages[0] === "[]") {
    throw new Error(`${list.table}: the member does not see what is there`);
  }
  const [session] = await sql`select pg_backend_pid() as pid`;
  const spent: Record<keyof typeof ways, number[]> = { given: [], member: [], gate: [] };
  const names = Object.keys(ways) as (keyof typeof ways)[];
  // The first turns, in which plans are made and pages are read, do not count.
  for (let turn = -2; turn < calls / TURN; turn++) {
    for (const way of turn % 2 === 0 ? names : names.toReversed()) {
      const before = cpuMicrosecondsOf(session!["pid"]);
      for (let n = 0; n < TURN; n++) await ways[way]();
      if (turn >= 0) spent[way].push((cpuMicrosecondsOf(session!["pid"]) - before) / TURN);
    }
  }
  await sql.end();
  const [given, member, gate] = names.map((way) => spent[way].sort((a, b) => a - b)[spent[way].length >> 1]!);
  const more = [member! / given! - 1, (member! + gate!) / (given! + gate!) - 1].map((part) =>
    `${(part * 100).toFixed(0)} %`
  );
  return `| ${list.table} | ${PLANS[plans]} | ${given!.toFixed(0)} | ${member!.toFixed(0)} | ${more.join(" | ")} |`;
}

/** Prints both plans as they are kept. */
async function showPlans(
  url: string,
  list: List,
  claims: Record<string, unknown>,
  organization: string,
): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  for (const role of ["service_role", "authenticated"]) {
    const filter = role === "authenticated" ? "" : list.besides ?? "";
    const plan = await sql.begin(async (transaction) => {
      await transaction.unsafe("set local plan_cache_mode = force_generic_plan");
      await actAs(transaction, role, claims);
      await transaction.unsafe(`prepare page (uuid, bigint, bigint) as ${statement(list, filter)}`);
      await transaction.unsafe(`execute page ('${organization}', ${PAGE}, 0)`);
      const lines = await transaction.unsafe(`explain (analyze, buffers) execute page ('${organization}', ${PAGE}, 0)`);
      await transaction.unsafe("deallocate page");
      return lines;
    });
    console.log(`\n${list.table} as ${role}:\n${plan.map((row) => row["QUERY PLAN"]).join("\n")}\n`);
  }
  await sql.end();
}
