import { createRouter } from "../../shared/http/mod.ts";
import { getDetailed } from "./handlers/get_detailed.ts";
import { getHealth } from "./handlers/get_health.ts";
import { getLive } from "./handlers/get_live.ts";
import { getReady } from "./handlers/get_ready.ts";

/** Whether the service works. */
export const router = createRouter("health", [getHealth, getLive, getReady, getDetailed]);
