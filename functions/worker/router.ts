import { createRouter } from "../../shared/http/mod.ts";
import { tick } from "./handlers/tick.ts";
import { wakeWorker } from "./handlers/wake_worker.ts";

/** The routes below /worker. */
export const router = createRouter("worker", [wakeWorker, tick]);
