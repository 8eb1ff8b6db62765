import { createApp } from "../../shared/http/mod.ts";
import { router } from "./router.ts";

Deno.serve(createApp("billing", router).fetch);
