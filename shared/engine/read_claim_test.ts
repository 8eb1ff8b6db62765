import { assertEquals } from "../../tests/helpers/assert.ts";
import { readClaim } from "./read_claim.ts";

Deno.test("readClaim() puts jobs into the order in which they begin: by priority, then as they were enqueued", () => {
  const reply = [{
    lease: "l",
    jobs: ["018f-3", "018f-1", "018f-4", "018f-2"],
    payloads: [3, 1, 4, 2],
    organization_ids: ["o"],
    types: ["t"],
    attempts: [1],
    max_attempts: [8],
    priorities: [100, 100, 5, 100],
  }];
  assertEquals(readClaim(reply).jobs.map(({ payload }) => payload), [4, 1, 2, 3]);
  const same = [{ ...reply[0]!, priorities: [100] }];
  assertEquals(readClaim(same).jobs.map(({ payload }) => payload), [1, 2, 3, 4]);
});
