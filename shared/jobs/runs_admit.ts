import { z } from "zod";
import { adminClient, rpc } from "../db/mod.ts";
import { defineJob } from "./define_job.ts";

/** Gives runs their place that a change of a table started near a limit; without it, the clock does within ten seconds. */
export const runsAdmit = defineJob({
  type: "runs.admit",
  summary: "Lets runs begin that changes of tables have started and that wait although there is a place for them.",
  payload: z.strictObject({}),
  keep: "failures",
  async run(_payload, { env, signal, organizationId }) {
    const args = { p_organization_id: organizationId };
    return { admitted: await rpc<number>(adminClient(env), "admit_runs", args, { schema: "engine", signal }) };
  },
});
