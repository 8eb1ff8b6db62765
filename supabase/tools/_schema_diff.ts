/**
 * What separates two databases, as SQL: a thin layer over `@supabase/pg-delta` that says which objects are ours.
 *
 * @module
 */
import {
  buildFactBase,
  type DependencyEdge,
  encodeId,
  extract,
  type FactBase,
  type Plan,
  plan,
  type Policy,
  type StableId,
} from "@supabase/pg-delta";
import { formatSqlStatements } from "@supabase/pg-delta/sql-format";
import pg from "pg";

/** The schemas that sql/ owns; everything else in a Supabase project belongs to the platform. */
export const OUR_SCHEMAS: readonly string[] = ["public", "engine", "private"];

/** Roles and schemas that exist in every Supabase project before its first migration. */
const PLATFORM_ROLES = ["postgres", "anon", "authenticated", "service_role"];
const PLATFORM_SCHEMAS = ["auth", "cron", "net", "extensions", "realtime", "storage", "vault"];

/** A statement of a migration. */
export interface Step {
  sql: string;
  /** True when rows or values may be lost by it. */
  losesData: boolean;
}

/** A database's catalog as pg-delta reads it. */
export interface Catalog {
  facts: FactBase;
  /** Columns of our tables in their physical order, which pg-delta does not compare. */
  columns: Map<string, string[]>;
  /** Comments on columns of our views, which it does not know: `schema.view` → column → comment. */
  viewComments: Map<string, Map<string, string>>;
}

/** Which difference is asked for. */
export interface DiffOptions {
  /** True leaves the default privileges as they are: a rollback must not hand out grants that were never there. */
  keepDefaultPrivileges?: boolean;
  /** True takes an object that vanished and one like it that came for the same, renamed; otherwise it is made anew. */
  renames?: boolean;
}

/**
 * Reads the catalog of a database.
 *
 * @param url connection string of the superuser
 * @throws {Error} when it holds objects of ours that pg-delta cannot compare, such as casts or operators
 */
export async function readCatalog(url: string): Promise<Catalog> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  try {
    const { factBase, diagnostics } = await extract(pool);
    const unknown = diagnostics.filter((found) => found.code === "unmodeled_kind");
    if (unknown.length > 0) {
      throw new Error(`Cannot compare these objects: ${unknown.map((found) => found.message).join("; ")}`);
    }
    const { rows }: { rows: { table: string; columns: string[] }[] } = await pool.query(
      `select c.oid::regclass::text as table, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace::regnamespace::text = any ($1) and c.relkind in ('r', 'p', 'v', 'm')
       group by c.oid`,
      [OUR_SCHEMAS],
    );
    const { rows: comments }: { rows: { view: string; column: string; comment: string }[] } = await pool.query(
      `select format('%I.%I', n.nspname, c.relname) as view, quote_ident(a.attname) as column, d.description as comment
       from pg_description d
       join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass and c.relkind = 'v'
       join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid
       where n.nspname = any ($1) order by 1, d.objsubid`,
      [OUR_SCHEMAS],
    );
    const viewComments = new Map(
      [...Map.groupBy(comments, ({ view }) => view)].map((
        [view, found],
      ) => [view, new Map(found.map(({ column, comment }) => [column, comment]))]),
    );
    return { facts: factBase, columns: new Map(rows.map((row) => [row.table, row.columns])), viewComments };
  } finally {
    await pool.end();
  }
}

/**
 * The statements that turn one database into the other, in an order that works.
 *
 * @throws {Error} when they do not fit into one transaction
 */
export function diffCatalogs(from: Catalog, to: Catalog, options: DiffOptions = {}): Step[] {
  const difference = planOf(from, to, options);
  for (const action of difference.actions) {
    if (action.transactionality === "transactional" && !action.newSegmentBefore) continue;
    throw new Error(`This cannot run inside a transaction, so it needs a migration of its own: ${action.sql}`);
  }
  return [...toSteps(difference.actions), ...commentsOnViews(from, to, toSteps(difference.actions))];
}

/** What is said of columns of views and was not, or goes with a view that is made anew. */
function commentsOnViews(from: Catalog, to: Catalog, steps: Step[]): Step[] {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return [...to.viewComments].flatMap(([view, comments]) => {
    const quoted = view.split(".").map((part) => part.startsWith('"') ? part : `"${part}"`).join(".");
    const isNew = steps.some(({ sql }) => new RegExp(`^create (or replace )?view ${quoted} `).test(sql));
    const before = isNew ? new Map<string, string>() : from.viewComments.get(view) ?? new Map<string, string>();
    const said = [...comments].filter(([column, comment]) => before.get(column) !== comment);
    const unsaid = [...before.keys()].filter((column) => !comments.has(column));
    return [
      ...said.map(([column, comment]) => `comment on column ${view}.${column} is ${literal(comment)};`),
      ...unsaid.map((column) => `comment on column ${view}.${column} is null;`),
    ].map((sql) => ({ sql, losesData: false }));
  });
}

/**
 * The statements that must come first so that new tables can be created with all their columns in order: new schemas,
 * default privileges, and the functions that column defaults call. pg-delta itself creates such a table without those
 * columns and adds them later, which would leave `id` the last column instead of the first.
 */
export function prerequisites(from: Catalog, to: Catalog): Step[] {
  const called = new Set<string>(
    to.facts.edges
      .filter((edge) => edge.kind === "depends" && isExpression(edge.from))
      .filter((edge) => edge.to.kind === "function" && !from.facts.has(edge.to) && standsAlone(from, to, edge.to))
      .map((edge) => encodeId(edge.to)),
  );
  if (called.size === 0) return [];
  const actions = planOf(from, to, {}).actions.filter((action) =>
    action.verb !== "drop" &&
    action.produces.length > 0 &&
    action.produces.every((id) => id.kind === "schema" || id.kind === "defaultPrivilege" || called.has(encodeId(id)))
  );
  return toSteps(actions);
}

/** True when a function needs no table, type or function that is still missing. */
function standsAlone(from: Catalog, to: Catalog, id: StableId): boolean {
  return to.facts.outgoingEdges(id).every((edge) =>
    edge.kind !== "depends" || edge.to.kind === "schema" || edge.to.kind === "role" || from.facts.has(edge.to)
  );
}

/**
 * Tables whose columns stand in another order, with both orders.
 *
 * @returns one sentence a table; empty when all agree
 */
export function columnOrderProblems(actual: Catalog, wanted: Catalog): string[] {
  return [...wanted.columns].flatMap(([table, columns]) => {
    const found = actual.columns.get(table);
    if (found === undefined || found.join() === columns.join()) return [];
    return [`${table}: (${found.join(", ")}) instead of (${columns.join(", ")})`];
  });
}

function planOf(from: Catalog, to: Catalog, options: DiffOptions): Plan {
  const settled = (edge: DependencyEdge) =>
    edge.kind === "depends" && isExpression(edge.from) && edge.to.kind === "function" &&
    from.facts.has(edge.to) && to.facts.has(edge.to) && from.facts.hashOf(edge.to) === to.facts.hashOf(edge.to);
  return plan(without(from.facts, settled), without(to.facts, settled), {
    scope: "database",
    defaultOwner: "postgres",
    renames: options.renames ? "auto" : "off",
    policy: policyFor(options),
  });
}

/**
 * A catalog without some dependencies. A column whose default calls a function is put off by pg-delta until all
 * functions are made; where the function stands already and stays as it is, forgetting the call keeps the column in its
 * place.
 */
function without(facts: FactBase, forgotten: (edge: DependencyEdge) => boolean): FactBase {
  return buildFactBase(
    facts.facts(),
    facts.edges.filter((edge) => !forgotten(edge)),
    facts.source,
    facts.referenceOnly,
    { allowDangling: (edge) => edge.kind === "owner" },
  );
}

/** True for what holds an expression that Postgres evaluates when rows are written. */
function isExpression(id: StableId): boolean {
  return id.kind === "default" || id.kind === "column" || id.kind === "constraint";
}

/** What is ours to change. The first rule that matches an object decides; what no rule matches is ours. */
function policyFor(options: DiffOptions): Policy {
  const ours = [...OUR_SCHEMAS];
  return {
    id: "millrace",
    assumedRoles: PLATFORM_ROLES,
    assumedSchemas: PLATFORM_SCHEMAS,
    filter: [
      // The owner of an object may do everything with it anyway: naming it would tie migrations to a role's name.
      { match: { all: [{ kind: "acl" }, { idField: { field: "grantee", glob: "postgres" } }] }, action: "exclude" },
      // pg-delta takes PUBLIC's built-in EXECUTE for a default privilege of the schema and would restate it.
      {
        match: { all: [{ kind: "defaultPrivilege" }, { idField: { field: "grantee", glob: "PUBLIC" } }] },
        action: "exclude",
      },
      {
        match: { all: [{ kind: "defaultPrivilege" }, { schema: ours }] },
        action: options.keepDefaultPrivileges ? "exclude" : "include",
      },
      // Partitions of a week are data of a running system; only the default ones are part of the schema.
      { match: { all: [{ partitionOf: {} }, { not: { name: "*_default" } }] }, action: "exclude" },
      { match: { any: [{ schema: ours }, { all: [{ kind: "schema" }, { name: ours }] }] }, action: "include" },
      { match: { any: [{ target: { schema: ours } }, { target: { kind: "schema", name: ours } }] }, action: "include" },
      { match: { kind: "extension" }, action: "include" },
      // A trigger of ours on a table of the platform, such as auth.users.
      { match: { all: [{ kind: "trigger" }, { edgeTo: { kind: "function", schema: ours } }] }, action: "include" },
      { match: { any: [{ schema: "*" }, { name: "*" }, { target: { name: "*" } }] }, action: "exclude" },
    ],
  };
}

function toSteps(actions: Plan["actions"]): Step[] {
  const statements = formatSqlStatements(actions.map((action) => action.sql.trim().replace(/;$/, "")), {
    keywordCase: "lower",
    maxWidth: 118,
    indent: 2,
    preserveRoutineBodies: true,
    preserveViewBodies: true,
  });
  if (statements.length !== actions.length) throw new Error("The formatter changed the number of statements");
  return actions.map((action, index) => ({
    sql: `${corrected(statements[index]!.trim())};`,
    losesData: action.dataLoss === "destructive" || /^alter table .* alter column .* type /is.test(action.sql),
  }));
}

/** Two statements of pg-delta that need a hand. */
function corrected(sql: string): string {
  return sql
    // Default privileges are set for whoever runs the migration, whatever its name.
    .replace(/^alter default privileges for role "postgres" /, "alter default privileges ")
    // Made on the partitioned table alone, an index would stay invalid and its partitions without it.
    .replace(/^(create (?:unique )?index \S+\s+on) only /, "$1 ");
}
