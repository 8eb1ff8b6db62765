import { createRouter } from "../../shared/http/mod.ts";
import { getApiInfo } from "./handlers/get_api_info.ts";
import { getApiVersion } from "./handlers/get_api_version.ts";
import { getChangelog } from "./handlers/get_changelog.ts";
import { getOpenApi } from "./handlers/get_open_api.ts";
import { getVersionInfo } from "./handlers/get_version_info.ts";
import { listApiUsage } from "./handlers/list_api_usage.ts";
import { listFlags } from "./handlers/list_flags.ts";
import { pinApiVersion } from "./handlers/pin_api_version.ts";

/** What the unified API says about itself. Everything else is mounted: see mounts.ts. */
export const router = createRouter("api", [
  getApiInfo,
  getVersionInfo,
  getOpenApi,
  getChangelog,
  getApiVersion,
  pinApiVersion,
  listApiUsage,
  listFlags,
]);
