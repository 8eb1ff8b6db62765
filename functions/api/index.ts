import { createApp } from "../../shared/http/mod.ts";
import { mounts } from "./mounts.ts";
import { router } from "./router.ts";

Deno.serve(createApp("api", router, { mounts }).fetch);
