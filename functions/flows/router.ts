import { createRouter } from "../../shared/http/mod.ts";
import { activateFlow } from "./handlers/activate_flow.ts";
import { compareFlowVersions } from "./handlers/compare_flow_versions.ts";
import { createFlow } from "./handlers/create_flow.ts";
import { deactivateFlow } from "./handlers/deactivate_flow.ts";
import { deleteFlow } from "./handlers/delete_flow.ts";
import { duplicateFlow } from "./handlers/duplicate_flow.ts";
import { exportFlow } from "./handlers/export_flow.ts";
import { getFlow } from "./handlers/get_flow.ts";
import { getFlowStats } from "./handlers/get_flow_stats.ts";
import { getFlowVersion } from "./handlers/get_flow_version.ts";
import { getStats, getStatsAlias } from "./handlers/get_stats.ts";
import { importFlows } from "./handlers/import_flows.ts";
import { listFlowVersions } from "./handlers/list_flow_versions.ts";
import { listFlows } from "./handlers/list_flows.ts";
import { restoreFlowVersion } from "./handlers/restore_flow_version.ts";
import { runFlow } from "./handlers/run_flow.ts";
import { updateFlow } from "./handlers/update_flow.ts";
import { validateFlow } from "./handlers/validate_flow.ts";

/** Flows and their versions. */
export const router = createRouter("flows", [
  listFlows,
  createFlow,
  validateFlow,
  importFlows,
  getStats,
  getFlow,
  updateFlow,
  deleteFlow,
  activateFlow,
  deactivateFlow,
  duplicateFlow,
  runFlow,
  exportFlow,
  getFlowStats,
  listFlowVersions,
  compareFlowVersions,
  getFlowVersion,
  restoreFlowVersion,
]);

/** What frontends look for under `/stats`: mounted by `api` only. */
export const statsRouter = createRouter("stats", [getStatsAlias]);
