import { createRouter } from "../../shared/http/mod.ts";
import { createSecret } from "./handlers/create_secret.ts";
import { deleteSecret } from "./handlers/delete_secret.ts";
import { destroySecretVersion } from "./handlers/destroy_secret_version.ts";
import { getSecret } from "./handlers/get_secret.ts";
import { listSecretAccesses } from "./handlers/list_secret_accesses.ts";
import { listSecretFlows } from "./handlers/list_secret_flows.ts";
import { listSecretVersions } from "./handlers/list_secret_versions.ts";
import { listSecrets } from "./handlers/list_secrets.ts";
import { restoreSecretVersion } from "./handlers/restore_secret_version.ts";
import { revealSecret } from "./handlers/reveal_secret.ts";
import { setSecretValue } from "./handlers/set_secret_value.ts";
import { updateSecret } from "./handlers/update_secret.ts";

/** Secrets of flows. */
export const router = createRouter("secrets", [
  listSecrets,
  createSecret,
  getSecret,
  updateSecret,
  deleteSecret,
  setSecretValue,
  revealSecret,
  listSecretFlows,
  listSecretAccesses,
  listSecretVersions,
  restoreSecretVersion,
  destroySecretVersion,
]);
