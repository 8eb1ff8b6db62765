import { createRouter } from "../../shared/http/mod.ts";
import { getBlockingSettings } from "./handlers/get_blocking_settings.ts";
import { getFlag } from "./handlers/get_flag.ts";
import { liftIpBlock } from "./handlers/lift_ip_block.ts";
import { listAllFlags } from "./handlers/list_all_flags.ts";
import { listAllSecurityEvents } from "./handlers/list_all_security_events.ts";
import { listCacheUsage } from "./handlers/list_cache_usage.ts";
import { listIpBlocks } from "./handlers/list_ip_blocks.ts";
import { listLimitBuckets } from "./handlers/list_limit_buckets.ts";
import { listLimitOverrides } from "./handlers/list_limit_overrides.ts";
import { removeFlag } from "./handlers/remove_flag.ts";
import { removeFlagRule } from "./handlers/remove_flag_rule.ts";
import { removeLimitOverride } from "./handlers/remove_limit_override.ts";
import { resetLimitBuckets } from "./handlers/reset_limit_buckets.ts";
import { setBlockingSettings } from "./handlers/set_blocking_settings.ts";
import { setFlag } from "./handlers/set_flag.ts";
import { setFlagRule } from "./handlers/set_flag_rule.ts";
import { setIpBlock } from "./handlers/set_ip_block.ts";
import { setLimitOverride } from "./handlers/set_limit_override.ts";

/** The routes below /admin: for operators, with a secret key. */
export const router = createRouter("admin", [
  listLimitOverrides,
  setLimitOverride,
  removeLimitOverride,
  listLimitBuckets,
  resetLimitBuckets,
  listIpBlocks,
  setIpBlock,
  liftIpBlock,
  listAllSecurityEvents,
  getBlockingSettings,
  setBlockingSettings,
  listAllFlags,
  getFlag,
  setFlag,
  removeFlag,
  setFlagRule,
  removeFlagRule,
  listCacheUsage,
]);
