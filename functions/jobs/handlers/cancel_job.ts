import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { changeJob } from "../queries.ts";
import { jobSchema } from "../schemas.ts";

/** POST /jobs/:id/cancel */
export const cancelJob = defineRoute({
  method: "post",
  path: "/:id/cancel",
  operationId: "cancelJob",
  summary: "Cancel a job",
  description: "A job that no worker has is cancelled at once. One that is at work is asked to stop " +
    "(`cancel_requested_at`): it ends as cancelled when its handler lets it. Cancelling a cancelled job again changes " +
    "nothing; what ended otherwise is a conflict.",
  tags: ["jobs"],
  access: { user: "runs:execute", secret: true },
  request: { params: idParams },
  responses: { 200: { description: "The job", schema: jobSchema } },
  errors: ["not_found", "conflict"],
}, (c, { params }) => changeJob(c.var.request, "cancel_job", params.id));
