/**
 * One folder serves one stack.
 *
 * @module
 */
/** Another stack uses the data folder. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";

  /** @param folder The folder in use. */
  constructor(folder: string) {
    super(`Cannot use ${folder}: another stack has it open`);
  }
}

/**
 * Keeps a second stack out of the folder: PGlite's files would be ruined by it. The lock ends with the process at last.
 *
 * @throws FolderInUseError
 */
export async function lockFolder(folder: string): Promise<Disposable> {
  const file = await Deno.open(`${folder}/lock`, { create: true, write: true });
  if (await file.tryLock(true)) return { [Symbol.dispose]: () => file.close() };
  file.close();
  throw new FolderInUseError(folder);
}
