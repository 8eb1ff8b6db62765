/**
 * Works out the migration that brings what `supabase/migrations/` gives to what `sql/` says, and proves it by running it.
 *
 * @module
 */
import type { SqlFile } from "../local/schema_files.ts";
import { isSeed, latestSeed, type Migration, type Seed, seedBlock, seedsOf, undoOf } from "./_migration_files.ts";
import {
  type Catalog,
  columnOrderProblems,
  diffCatalogs,
  prerequisites,
  readCatalog,
  type Step,
} from "./_schema_diff.ts";
import { GRANT_BY_DEFAULT, REWRITE_EXPRESSIONS, runSql, withScratchDatabase } from "./_scratch_database.ts";

/** A migration that was worked out and tried. */
export interface Draft {
  forward: string;
  rollback: string;
  /** Statements of the way forward that may lose data. */
  losses: string[];
  /** Statements of the way back that may lose data. */
  rollbackLosses: string[];
}

/** What a difference is taken between. */
export interface Sources {
  /** The migrations there are. */
  migrations: Migration[];
  /** The files of sql/, in load order. */
  files: SqlFile[];
  /** True lets what looks like a rename be one. */
  renames?: boolean;
}

/** Silences the check that bodies name only what exists: functions may call what a later statement makes. */
const PREAMBLE = "set check_function_bodies = off;";
const CLOSING = "reset check_function_bodies;";

/**
 * @returns the draft, or null when the migrations give exactly what sql/ says
 * @throws {Error} when the migration that was worked out does not lead to sql/, or its rollback not back
 */
export async function makeMigration({ migrations, files, renames = false }: Sources): Promise<Draft | null> {
  const wanted = await catalogOf(files.filter((file) => !isSeed(file)));
  const seeds = (await seedsOf(files)).filter((seed) => latestSeed(seed.path, migrations)?.hash !== seed.hash);
  return await withScratchDatabase(async (database) => {
    const start = [{ path: "default privileges", text: GRANT_BY_DEFAULT }];
    await runSql(database, [...start, ...migrations.map((m) => ({ path: `migration ${m.version}`, text: m.text }))]);
    const before = await readCatalog(database.url);

    const first = prerequisites(before, wanted);
    await runSql(database, [{ path: "prerequisites", text: script(first) }]);
    const rest = diffCatalogs(first.length > 0 ? await readCatalog(database.url) : before, wanted, { renames });
    const steps = [...first, ...rest];
    if (steps.length === 0 && seeds.length === 0) return null;

    await runSql(database, [{ path: "new migration", text: script(rest) }]);
    await runSql(database, seeds.map((seed) => ({ path: seed.path, text: seed.text })));
    const after = await readCatalog(database.url);
    assertSame(after, wanted, "The new migration does not lead to sql/");
    const disorder = columnOrderProblems(after, wanted);
    if (disorder.length > 0) {
      throw new Error(`Add new columns at the end of a table, where a migration can put them:\n${disorder.join("\n")}`);
    }

    const back = diffCatalogs(after, before, { keepDefaultPrivileges: true, renames });
    const backSeeds = seeds.flatMap((seed) => latestSeed(seed.path, migrations) ?? []);
    // First, because what a seed made may hold on to what the rollback drops.
    const undo = seeds.filter((seed) => latestSeed(seed.path, migrations) === null).flatMap(undoOf);
    await runSql(database, [{ path: "undo of seeds", text: undo.join("\n") }]);
    await runSql(database, [{ path: "rollback", text: script(back) }]);
    await runSql(database, backSeeds.map((seed) => ({ path: `rollback of ${seed.path}`, text: seed.text })));
    assertSame(await readCatalog(database.url), before, "The rollback does not lead back", true);
    return {
      forward: render(steps, seeds),
      rollback: [...undo, ...(undo.length > 0 ? [""] : []), render(back, backSeeds)].join("\n"),
      losses: lossesOf(steps),
      rollbackLosses: lossesOf(back),
    };
  });
}

/** The catalog of a database that holds exactly these files. */
async function catalogOf(files: SqlFile[]): Promise<Catalog> {
  return await withScratchDatabase(async (database) => {
    await runSql(database, [{ path: "default privileges", text: GRANT_BY_DEFAULT }]);
    await runSql(database, files.map(({ path, text }) => ({ path: `sql/${path}`, text })));
    await runSql(database, [{ path: "rewriting expressions", text: REWRITE_EXPRESSIONS }]);
    return await readCatalog(database.url);
  });
}

function assertSame(actual: Catalog, expected: Catalog, complaint: string, keepDefaultPrivileges = false): void {
  const left = diffCatalogs(actual, expected, { keepDefaultPrivileges });
  if (left.length > 0) throw new Error(`${complaint}; still missing:\n${left.map((step) => step.sql).join("\n")}`);
}

function lossesOf(steps: Step[]): string[] {
  return steps.filter((step) => step.losesData).map((step) => step.sql);
}

function script(steps: Step[]): string {
  return steps.length === 0 ? "" : [PREAMBLE, ...steps.map((step) => step.sql), CLOSING].join("\n");
}

/** The text of a migration file: statements that stand on one line and begin alike are kept together. */
function render(steps: Step[], seeds: Seed[]): string {
  const parts = steps.length === 0 ? [] : [PREAMBLE, ...grouped(steps.map((step) => step.sql)), CLOSING];
  return [...parts, ...seeds.map(seedBlock)].join("\n\n") + "\n";
}

function grouped(statements: string[]): string[] {
  const groups: string[] = [];
  let kind = "";
  for (const statement of statements) {
    const own = statement.includes("\n")
      ? ""
      : statement.split(" ", 2).join(" ").replace(/^(grant|revoke) .*/, "grant");
    if (own !== "" && own === kind) groups.push(`${groups.pop()}\n${statement}`);
    else groups.push(statement);
    kind = own;
  }
  return groups;
}
