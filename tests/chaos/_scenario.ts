/**
 * What a scenario is.
 *
 * @module
 */
import type { Random } from "../integration/_random.ts";
import type { ChaosPostgres } from "./_chaos_postgres.ts";
import type { Proof } from "./_proof.ts";

/** What a scenario gets. */
export interface Stage {
  postgres: ChaosPostgres;
  /** Draws from the seed. */
  random: Random;
  /** True = the selection that `deno task test` runs: fewer rounds, the same faults. */
  short: boolean;
}

/** A way to disturb the engine under load, and what has to come of it. */
export interface Scenario {
  /** A word for the command line. */
  name: string;
  /** What is done. */
  about: string;
  /** Does it and judges. */
  run(stage: Stage): Promise<Proof>;
}
