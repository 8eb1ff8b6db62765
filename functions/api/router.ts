import { createRouter } from "../../shared/http/mod.ts";
import { getApiInfo } from "./handlers/get_api_info.ts";
import { getOpenApi } from "./handlers/get_open_api.ts";
import { getVersionInfo } from "./handlers/get_version_info.ts";

/** What the unified API says about itself. Everything else is mounted: see mounts.ts. */
export const router = createRouter("api", [getApiInfo, getVersionInfo, getOpenApi]);
