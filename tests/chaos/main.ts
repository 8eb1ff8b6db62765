/**
 * `deno task chaos [SCENARIO…]`: disturbs the engine in every way it has to withstand, and prints what that has proved.
 *
 * `CHAOS_SEED` repeats the draws of a run; it is printed at the beginning. The exit code is 0 when everything held.
 * docs/chaos.md explains each scenario.
 *
 * @module
 */
import { randomOf } from "../integration/_random.ts";
import { startChaosPostgres } from "./_chaos_postgres.ts";
import { type Proof, renderProofs } from "./_proof.ts";
import { SCENARIOS } from "./_scenarios.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    console.log("Usage: [CHAOS_SEED=N] deno task chaos [SCENARIO…]\n");
    for (const { name, about } of SCENARIOS) console.log(`  ${name.padEnd(10)} ${about}`);
    return names.includes("--help") ? 0 : 2;
  }
  const seed = Number(Deno.env.get("CHAOS_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`CHAOS_SEED=${seed}`);
  const chosen = SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name));
  const proofs: Proof[] = [];
  const postgres = await startChaosPostgres();
  try {
    for (const scenario of chosen) {
      const begun = performance.now();
      console.log(`\n${scenario.name}: ${scenario.about}`);
      // A scenario draws the same whether the others run or not.
      const proof = await scenario.run({
        postgres,
        random: randomOf(seed + SCENARIOS.indexOf(scenario)),
        short: false,
      });
      proofs.push(proof);
      for (const fault of proof.faults) console.log(`  BROKEN ${fault}`);
      console.log(`  ${proof.injected}; ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    }
  } finally {
    await postgres.stop();
  }
  console.log(`\n${renderProofs(proofs)}\n`);
  const broken = proofs.filter(({ faults }) => faults.length > 0).length;
  console.log(`CHAOS_SEED=${seed}: ${proofs.length - broken} scenarios held, ${broken} did not`);
  return broken === 0 ? 0 : 1;
}
