import { z } from "zod";
import { notFound } from "../../../shared/errors/mod.ts";
import { compareGraphs, type ItemsComparison } from "../../../shared/graph/mod.ts";
import { defineRoute, idParams } from "../../../shared/http/mod.ts";
import { versionComparisonSchema } from "../compare_schemas.ts";
import { chooseVersion, type ComparedVersion, type VersionChoice } from "../version_queries.ts";

/** A version as a query names it. */
const reference = z.union([
  z.uuid().transform((id): VersionChoice => ({ id })),
  z.string().regex(/^[1-9]\d{0,8}$/).transform((digits): VersionChoice => ({ number: Number(digits) })),
], "Write the id of a version or its number");

const query = z.object({
  from: reference.optional().meta({
    description: "Id or number; the version before `to` when absent",
    examples: ["2"],
  }),
  to: reference.optional().meta({ description: "Id or number; the current version when absent", examples: ["3"] }),
});

/** Above every number. */
const NEWEST: VersionChoice = { below: 2_147_483_647 };

/** What the first version is compared with. */
const NOTHING = { nodes: [], edges: [] };

/** GET /flows/:id/versions/compare */
export const compareFlowVersions = defineRoute({
  method: "get",
  path: "/:id/versions/compare",
  operationId: "compareFlowVersions",
  summary: "Compare two versions of a flow",
  description:
    "Nodes and edges that were added, removed and changed, with the path and both values of each change, and settings. " +
    "What only changes the looks is told apart. Without `from` and `to` the current version is compared with the one " +
    "before it.",
  tags: ["flows"],
  access: { user: "flows:read" },
  request: { params: idParams, query },
  responses: { 200: { description: "The differences", schema: versionComparisonSchema } },
}, async (c, { params, query }) => {
  const choose = (choice: VersionChoice) => chooseVersion(c.var.request.db, params.id, choice);
  const [to, named] = await Promise.all([
    choose(query.to ?? NEWEST),
    query.from === undefined ? undefined : choose(query.from),
  ]);
  if (to === null || named === null) throw notFound("flow version");
  const from = named ?? await choose({ below: to.number });
  const found = compareGraphs(from?.graph ?? NOTHING, to.graph);
  return {
    flow_id: params.id,
    from: from === null ? null : withoutGraph(from),
    to: withoutGraph(to),
    layout_only: found.layoutOnly,
    nodes: toItems(found.nodes),
    edges: { ...toItems(found.edges), reordered: found.edges.reordered },
    settings: found.settings,
    unlisted: found.unlisted,
  };
});

function withoutGraph({ graph: _, ...version }: ComparedVersion) {
  return version;
}

function toItems({ added, removed, changed }: ItemsComparison) {
  return {
    added,
    removed,
    changed: changed.map(({ id, changes, layoutOnly }) => ({ id, layout_only: layoutOnly, changes })),
  };
}
