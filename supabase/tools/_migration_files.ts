/**
 * The files of `supabase/migrations/`: names, order, and the seeds they carry.
 *
 * @module
 */
import { encodeHex } from "deno-std/encoding/hex.js";
import { readSqlFiles, REPOSITORY, type SqlFile } from "../local/schema_files.ts";

/** Where migrations live. */
export const MIGRATIONS = new URL("supabase/migrations/", REPOSITORY);

/** One migration. */
export interface Migration {
  /** UTC time of its making, `YYYYMMDDHHMMSS`: its key in `supabase_migrations.schema_migrations`. */
  version: string;
  name: string;
  forward: string;
  /** The way back; null when there is no file for it. */
  rollback: string | null;
}

/** A seed file of sql/: rows that belong to the schema, such as plans. Written to be run again at will. */
export interface Seed {
  /** Path below sql/. */
  path: string;
  text: string;
  hash: string;
}

const NAME = /^(\d{14})_([a-z0-9_]+)\.sql$/;

/**
 * Reads all migrations, oldest first.
 *
 * @throws {Error} on a file whose name is not `<version>_<name>.sql`
 */
export async function readMigrations(folder: URL = MIGRATIONS): Promise<Migration[]> {
  const rollbacks = new Map((await readSqlFiles(new URL("rollbacks/", folder), false)).map((f) => [f.path, f.text]));
  return (await readSqlFiles(folder, false)).map(({ path, text }) => {
    const [, version, name] = NAME.exec(path) ?? [];
    if (!version || !name) throw new Error(`Cannot read the version of the migration ${path}`);
    return { version, name, forward: text, rollback: rollbacks.get(path) ?? null };
  });
}

/** The file name of a migration; its rollback has the same in `rollbacks/`. */
export function fileName(migration: Pick<Migration, "version" | "name">): string {
  return `${migration.version}_${migration.name}.sql`;
}

/**
 * The version for a new migration.
 *
 * @param now when it is made
 * @param latest the newest existing version: the new one is always greater, also when clocks disagree
 */
export function nextVersion(now: Date, latest: string | undefined): string {
  const version = now.toISOString().replace(/\D/g, "").slice(0, 14);
  return latest === undefined || version > latest ? version : String(BigInt(latest) + 1n);
}

/** True for a file that holds rows, not schema: it reaches the migrations as it stands. */
export function isSeed(file: Pick<SqlFile, "path">): boolean {
  return file.path.endsWith("_seed.sql");
}

/** The seeds among the files of sql/. */
export async function seedsOf(files: SqlFile[]): Promise<Seed[]> {
  return await Promise.all(
    files.filter(isSeed).map(async ({ path, text }) => {
      const body = text.trim();
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
      return { path, text: body, hash: encodeHex(digest).slice(0, 16) };
    }),
  );
}

/** A seed as it stands in a migration: between two lines that let the next diff find it again. */
export function seedBlock(seed: Seed): string {
  return `-- seed ${seed.path} ${seed.hash}\n${seed.text}\n-- end of seed ${seed.path}`;
}

/**
 * The state in which the migrations last brought a seed.
 *
 * @returns null when no migration holds it
 */
export function latestSeed(path: string, migrations: Migration[]): Seed | null {
  for (const { forward } of migrations.toReversed()) {
    const opening = new RegExp(`^-- seed ${RegExp.escape(path)} ([0-9a-f]+)\n`, "m").exec(forward);
    if (!opening) continue;
    const from = opening.index + opening[0].length;
    const to = forward.indexOf(`\n-- end of seed ${path}`, from);
    return { path, hash: opening[1]!, text: forward.slice(from, to) };
  }
  return null;
}
