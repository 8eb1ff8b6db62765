import { assertEquals, assertThrows } from "../../../tests/helpers/assert.ts";
import { API_VERSIONS, type ApiVersion, chooseVersion, downgradeReply, upgradeQuery, versionHeaders } from "./mod.ts";

const VERSIONS: readonly [ApiVersion, ...ApiVersion[]] = [
  {
    version: "2026-01-01",
    title: "One",
    changes: [],
    deprecatedAt: "2026-02-01T00:00:00Z",
    sunsetAt: "2027-02-01T12:00:00Z",
  },
  {
    version: "2026-02-01",
    title: "Two",
    changes: [{
      description: "b was a",
      operations: ["x"],
      query: (query) => query.has("a") && query.set("b", query.get("a") ?? ""),
      reply: (body) => ({ ...(body as object), two: true }),
    }],
  },
  {
    version: "2026-03-01",
    title: "Three",
    changes: [{
      description: "c was b",
      operations: ["x"],
      query: (query) => query.set("c", query.get("b") ?? ""),
      reply: (body) => ({ ...(body as object), seen: Object.keys(body as object) }),
    }],
  },
];
const [one, two, three] = VERSIONS as [ApiVersion, ApiVersion, ApiVersion];

Deno.test("a request means the version it names, else its pin, else the latest", () => {
  assertEquals(chooseVersion(" 2026-01-01", "2026-02-01", VERSIONS), one);
  assertEquals(chooseVersion(null, "2026-02-01", VERSIONS), two);
  assertEquals(chooseVersion(null, "2025-12-31", VERSIONS), one);
  assertEquals(chooseVersion(null, "2030-01-01", VERSIONS), three);
  assertEquals(chooseVersion(null, null, VERSIONS), three);
  for (const header of ["2026-01-02", "", "latest", "2026-01-01, 2026-02-01"]) {
    assertThrows(() => chooseVersion(header, null, VERSIONS), Error, "Must be one of 2026-01-01, 2026-02-01");
  }
});

Deno.test("queries come up through every change in order, answers go back through them in reverse", () => {
  assertEquals(upgradeQuery(one, "x", new URLSearchParams("a=1"), VERSIONS).get("c"), "1");
  assertEquals(upgradeQuery(two, "x", new URLSearchParams("b=2"), VERSIONS).get("c"), "2");
  assertEquals(upgradeQuery(three, "x", new URLSearchParams("b=2"), VERSIONS).has("c"), false);
  assertEquals(upgradeQuery(one, "y", new URLSearchParams("a=1"), VERSIONS).toString(), "a=1");
  assertEquals(downgradeReply(one, "x", { id: 1 }, VERSIONS), { id: 1, seen: ["id"], two: true });
  assertEquals(downgradeReply(three, "x", { id: 1 }, VERSIONS), { id: 1 });
});

Deno.test("a version says itself, and when it goes: RFC 9745, RFC 8594", () => {
  assertEquals(versionHeaders(one, "https://x.test/changelog"), {
    "Millrace-Version": "2026-01-01",
    Deprecation: "@1769904000",
    Sunset: "Mon, 01 Feb 2027 12:00:00 GMT",
    Link: '<https://x.test/changelog>; rel="deprecation"; type="application/json"',
  });
  assertEquals(versionHeaders(two, ""), { "Millrace-Version": "2026-02-01" });
});

Deno.test("the versions there are: in order, and the latest is not on its way out", () => {
  const dates = API_VERSIONS.map(({ version }) => version);
  assertEquals(dates, dates.toSorted());
  assertEquals(API_VERSIONS.at(-1)?.deprecatedAt, undefined);
});
