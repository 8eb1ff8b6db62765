import { conflict, isAppError, versionMismatch } from "../../../shared/errors/mod.ts";

/**
 * Makes a change that was judged by what had been read before, and only if that still holds.
 *
 * @param ifMatch The version that the caller demands; null = none.
 * @param seen The version that was judged.
 * @param change Makes the change if the row has this version.
 * @throws {AppError} `version_mismatch` when the caller demanded another version; `conflict` when it demanded none and
 *   somebody was faster.
 */
export async function underVersion<T>(
  ifMatch: number | null,
  seen: number,
  change: (version: number) => Promise<T>,
): Promise<T> {
  if (ifMatch !== null && ifMatch !== seen) throw versionMismatch();
  try {
    return await change(seen);
  } catch (error) {
    if (ifMatch !== null || !isAppError(error) || error.code !== "version_mismatch") throw error;
    throw conflict("The flow was changed by somebody else at the same moment: try again", error);
  }
}
