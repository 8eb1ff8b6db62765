/**
 * All scenarios, in the order in which they run.
 *
 * @module
 */
import { crowds, locks } from "./_contention.ts";
import { crashes } from "./_crashes.ts";
import { clocks, freezes } from "./_frozen.ts";
import { kills } from "./_kills.ts";
import { versions } from "./_versions.ts";
import { migrations } from "./_migrations.ts";
import { cuts, hangs, slowness } from "./_network.ts";
import type { Scenario } from "./_scenario.ts";

/** See the module. */
export const SCENARIOS: readonly Scenario[] = [
  kills,
  crashes,
  cuts,
  hangs,
  slowness,
  freezes,
  clocks,
  crowds,
  locks,
  versions,
  migrations,
];
