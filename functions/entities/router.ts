import { createRouter } from "../../shared/http/mod.ts";
import { createEntity } from "./handlers/create_entity.ts";
import { deleteEntity } from "./handlers/delete_entity.ts";
import { getEntity } from "./handlers/get_entity.ts";
import { getEntityJourney } from "./handlers/get_entity_journey.ts";
import { listEdgeStats } from "./handlers/list_edge_stats.ts";
import { listEntities } from "./handlers/list_entities.ts";
import { moveEntity } from "./handlers/move_entity.ts";
import { updateEntity } from "./handlers/update_entity.ts";

/** Things that live on the canvas of a flow, and where they went. */
export const router = createRouter("entities", [
  listEntities,
  createEntity,
  // Before the routes of an id, which would take the word for one.
  listEdgeStats,
  getEntity,
  updateEntity,
  deleteEntity,
  moveEntity,
  getEntityJourney,
]);
