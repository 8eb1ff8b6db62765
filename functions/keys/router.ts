import { createRouter } from "../../shared/http/mod.ts";
import { createKey } from "./handlers/create_key.ts";
import { getKey } from "./handlers/get_key.ts";
import { listKeys } from "./handlers/list_keys.ts";
import { revokeKey } from "./handlers/revoke_key.ts";
import { rotateKey } from "./handlers/rotate_key.ts";
import { updateKey } from "./handlers/update_key.ts";

/** API keys of an organization. */
export const router = createRouter("keys", [listKeys, createKey, getKey, updateKey, rotateKey, revokeKey]);
