import type { DatabaseClient } from "../../../shared/db/mod.ts";
import type { GraphProblem } from "../../../shared/graph/mod.ts";
import { findProblems, hasErrors, requireStorable } from "../graph_check.ts";
import { findFlow, saveFlow } from "../queries.ts";
import type { FlowChanges, StoredFlow } from "../schemas.ts";
import { underVersion } from "./_under_version.ts";

/** A flow that was changed, and what is wrong with its graph where that was looked at. */
export interface ChangedFlow {
  readonly flow: StoredFlow;
  readonly problems: GraphProblem[] | undefined;
}

/**
 * Changes a flow so that an active one has no errors. Mostly one call; the flow is read before only where its present
 * state decides: an invalid graph is saved without saying whether it is a draft, or a stored graph is activated.
 *
 * @param ifMatch The version that the caller demands; null = any.
 * @param secrets The names of secrets that exist; null = not known.
 * @throws {AppError} `flow_invalid` with all problems, `version_mismatch`, `conflict`, `not_found`.
 */
export async function changeFlow(
  db: DatabaseClient,
  id: string,
  changes: FlowChanges,
  ifMatch: number | null,
  secrets: ReadonlySet<string> | null = null,
): Promise<ChangedFlow> {
  const problems = changes.graph === undefined ? undefined : findProblems(changes.graph, secrets);
  if (problems !== undefined) requireStorable(problems, { active: changes.is_active === true });
  const dependsOnFlow = problems === undefined
    ? changes.is_active === true
    : hasErrors(problems) && changes.is_active === undefined;
  if (!dependsOnFlow) return { flow: await saveFlow(db, id, changes, ifMatch), problems };

  const before = await findFlow(db, id);
  const judged = problems ?? findProblems(before.graph);
  requireStorable(judged, { active: changes.is_active ?? before.is_active });
  const flow = await underVersion(ifMatch, before.version, (version) => saveFlow(db, id, changes, version));
  return { flow, problems: judged };
}
