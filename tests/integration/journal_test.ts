import { assertEquals } from "../helpers/assert.ts";
import { needlessCalls, newJournal, note } from "./_journal.ts";

const completed = [{ node: "n1", status: "completed" }];

Deno.test("the journal finds calls of an effect that was recorded before its caller had the run", () => {
  const journal = newJournal();
  const results = [{ job: "j", epoch: 1, run_id: "r", steps: completed }];
  note(journal, "settle_jobs", { p_worker_id: "a", p_results: results }, { jobs: [], settled: ["j"] }, 0);
  note(journal, "claim_jobs", { p_worker_id: "b" }, [{ run_id: "r" }], performance.now() + 1);
  journal.calls.push({ worker: "b", key: "r:n1", at: performance.now() + 2 });
  assertEquals(needlessCalls(journal), ["r:n1"]);
});

Deno.test("the journal does not take the older of two results of one job for written", () => {
  const journal = newJournal();
  const results = [
    { job: "j", epoch: 1, run_id: "r", steps: completed },
    { job: "j", epoch: 2, run_id: "r", steps: [{ node: "n1", status: "unknown" }] },
  ];
  note(journal, "settle_jobs", { p_worker_id: "a", p_results: results }, { jobs: [], settled: ["j"] }, 0);
  assertEquals([...journal.committed], []);
});

Deno.test("the journal takes only results for written that the answer names", () => {
  const journal = newJournal();
  const results = [{ job: "j", epoch: 1, run_id: "r", scope: "s.0", steps: completed }];
  note(journal, "settle_jobs", { p_worker_id: "a", p_results: results }, { jobs: [], settled: [] }, 0);
  assertEquals([...journal.committed.keys()], []);
  note(journal, "settle_jobs", { p_worker_id: "a", p_results: results }, { jobs: [], settled: ["j"] }, 0);
  assertEquals([...journal.committed.keys()], ["r:n1:s.0"]);
});
