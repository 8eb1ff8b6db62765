/**
 * Reads the SQL of this repository in load order.
 *
 * @module
 */

/** One SQL file. */
export interface SqlFile {
  /** Path below the folder that was read, with forward slashes. */
  path: string;
  text: string;
}

/** The repository's root folder. */
export const REPOSITORY = new URL("../../", import.meta.url);

/**
 * Reads every `*.sql` of a folder and its sub-folders: folders sorted by name, files sorted inside each.
 *
 * @param folder where to look; a missing folder gives an empty list
 * @param deep false reads only the folder itself
 */
export async function readSqlFiles(folder: URL, deep = true): Promise<SqlFile[]> {
  return (await walk(folder, "", deep)).sort((a, b) => a.path < b.path ? -1 : 1);
}

async function walk(folder: URL, prefix: string, deep: boolean): Promise<SqlFile[]> {
  const files: SqlFile[] = [];
  for (const entry of listFolder(folder)) {
    if (entry.isFile && entry.name.endsWith(".sql")) {
      files.push({ path: prefix + entry.name, text: await Deno.readTextFile(new URL(entry.name, folder)) });
    } else if (entry.isDirectory && deep) {
      files.push(...await walk(new URL(`${entry.name}/`, folder), `${prefix}${entry.name}/`, deep));
    }
  }
  return files;
}

function listFolder(folder: URL): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
