import { type DatabaseClient, rpc, runSingle } from "../db/mod.ts";
import { notFound } from "../errors/mod.ts";
import type { RunDetails, RunState, Token } from "./schemas.ts";
import { waitingFor } from "./waiting_for.ts";

/** A run as `get_run` and `get_latest_run` give it. */
export type StoredRun = Omit<RunDetails, "more_steps" | "waiting_for"> & { more: boolean; active: Token[] };

/**
 * A run with its steps and where it stands.
 *
 * @throws {AppError} `not_found`.
 */
export async function findRun(db: DatabaseClient, id: string): Promise<RunDetails> {
  return toRunDetails(await rpc<StoredRun | null>(db, "get_run", { p_run_id: id }));
}

/**
 * What the API shows of a run that the database gave.
 *
 * @throws {AppError} `not_found` when it gave none.
 */
export function toRunDetails(stored: StoredRun | null): RunDetails {
  if (stored === null) throw notFound("run");
  const { more, ...run } = stored;
  return { ...run, more_steps: more, waiting_for: waitingFor(run.active) };
}

/**
 * The state of a run and nothing else.
 *
 * @throws {AppError} `not_found`.
 */
export function findRunState(db: DatabaseClient, id: string): Promise<RunState> {
  return runSingle<RunState>(
    db.from("runs").select("id, status, error, started_at, finished_at").eq("id", id).maybeSingle<RunState>(),
    () => notFound("run"),
  );
}
