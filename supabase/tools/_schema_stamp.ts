/**
 * The version of the schema, where the database and where the functions say it. `deno task db:diff` writes the version of
 * the migration it makes into both.
 *
 * @module
 */
import { REPOSITORY, type SqlFile } from "../local/schema_files.ts";

/** Where the database says which schema it has, below sql/. */
export const SQL_STAMP = "00_foundation/055_schema_version.sql";
/** Where the functions say which one they need. */
const TS_STAMP = "shared/db/schema_version.ts";

const IN_SQL = /("version": ")\d{14}(")/;
const IN_TS = /(export const REQUIRED_SCHEMA = ")\d{14}(")/;

/**
 * The same files, one of them with this version in it.
 *
 * @throws {Error} When that file is not among them, or has no place for it.
 */
export function stampedFiles(files: readonly SqlFile[], version: string): SqlFile[] {
  if (!files.some(({ path }) => path === SQL_STAMP)) throw new Error(`sql/${SQL_STAMP} is missing`);
  return files.map((file) =>
    file.path === SQL_STAMP ? { path: file.path, text: stamp(file.text, IN_SQL, version, file.path) } : file
  );
}

/** Writes the version into both files of the repository. */
export async function writeStamps(version: string, root: URL = REPOSITORY): Promise<void> {
  for (const [path, pattern] of [[`sql/${SQL_STAMP}`, IN_SQL], [TS_STAMP, IN_TS]] as const) {
    const url = new URL(path, root);
    await Deno.writeTextFile(url, stamp(await Deno.readTextFile(url), pattern, version, path));
  }
}

function stamp(text: string, pattern: RegExp, version: string, path: string): string {
  if (!pattern.test(text)) throw new Error(`${path} has no place for the version of the schema`);
  return text.replace(pattern, `$1${version}$2`);
}
