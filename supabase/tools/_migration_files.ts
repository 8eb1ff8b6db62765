/**
 * The files of `supabase/migrations/`: names, order, and the seeds they carry.
 *
 * @module
 */
import { encodeHex } from "deno-std/encoding/hex.js";
import { type Migration as ForwardMigration, readMigrations as readForward } from "../local/migrations.ts";
import { readSqlFiles, REPOSITORY, type SqlFile } from "../local/schema_files.ts";

/** Where migrations live. */
export const MIGRATIONS = new URL("supabase/migrations/", REPOSITORY);

/** Said at the top of a file whose statements may lose data; `db:migrate` refuses to run such a rollback unasked. */
export const LOSES_DATA = "-- Loses data:";

/** One migration: its version is the UTC time of its making, `YYYYMMDDHHMMSS`. */
export interface Migration extends ForwardMigration {
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

/** Reads all migrations with their rollbacks, oldest first. */
export async function readMigrations(folder: URL = MIGRATIONS): Promise<Migration[]> {
  const rollbacks = new Map((await readSqlFiles(new URL("rollbacks/", folder), false)).map((f) => [f.path, f.text]));
  return (await readForward(folder)).map((migration) => ({
    ...migration,
    rollback: rollbacks.get(fileName(migration)) ?? null,
  }));
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
 * What takes a seed back where no earlier state of it is: the lines of its text that begin with `-- undo: `. For what a
 * seed makes outside of our schemas, such as policies on tables of Supabase's.
 */
export function undoOf({ text }: Pick<Seed, "text">): string[] {
  return [...text.matchAll(/^-- undo: (.+)$/gm)].map(([, statement]) => statement!);
}

/**
 * The state in which the migrations last brought a seed.
 *
 * @returns null when no migration holds it
 */
export function latestSeed(path: string, migrations: Migration[]): Seed | null {
  for (const { text } of migrations.toReversed()) {
    const opening = new RegExp(`^-- seed ${RegExp.escape(path)} ([0-9a-f]+)\n`, "m").exec(text);
    if (!opening) continue;
    const from = opening.index + opening[0].length;
    const to = text.indexOf(`\n-- end of seed ${path}`, from);
    return { path, hash: opening[1]!, text: text.slice(from, to) };
  }
  return null;
}
