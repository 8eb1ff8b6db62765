import { z } from "zod";
import { assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { testEnv } from "../../tests/helpers/http.ts";
import { type AnyListQuery, defineList, where } from "./mod.ts";

const item = z.strictObject({
  id: z.string(),
  name: z.string(),
  size: z.int(),
  tags: z.array(z.string()),
  made_at: z.string(),
}).meta({ id: "ListedThing" });

const THINGS = defineList({
  name: "things",
  item,
  sort: { name: "name", size: "size", created_at: "made_at" },
  defaultSort: "-size",
  filters: {
    size: where.anyOf(z.enum(["1", "2", "3"])),
    tag: where.equals(z.string(), { column: "tags" }),
    is_big: where.flag(),
    made_after: where.from({ column: "made_at" }),
    made_before: where.before({ column: "made_at" }),
    week: where.equals(z.string(), { column: "week_id", encode: (text) => `w${text}` }),
    q: where.text(["name"]),
    other: where.own(z.string()),
  },
});

const context = { env: testEnv(), organizationId: "0193a000-0000-7000-8000-00000000000a" };
const parse = (text: string) => THINGS.query.strict().safeParse(Object.fromEntries(new URLSearchParams(text)));
const read = (text: string) => parse(text).data as AnyListQuery;

const rows = ["Ada 50%", "bob", "Cy 50", "dee"].map((name, n) => ({
  id: `id${n}`,
  name,
  size: n < 2 ? 1 : n,
  tags: [`t${n}`, "all"],
  made_at: `2026-11-0${n + 1}T00:00:00Z`,
}));

Deno.test("a list's query knows its filters, its orders both ways, its fields, and nothing else", () => {
  assertEquals(read(""), { limit: 50, sort: "-size" } as AnyListQuery);
  assertEquals(read("size=1,%202&is_big=false&sort=created_at").sort, "created_at");
  for (const bad of ["sort=id", "sort=-made_at", "fields=secret", "fields=", "size=4", "size=", "is_big=1", "nope=1"]) {
    assertEquals(parse(bad).success, false, bad);
  }
  assertEquals(parse("fields=name,oops").error?.issues[0]?.path, ["fields", 1]);
});

Deno.test("filter() adds what was asked for, each kind its way, and takes text literally", () => {
  const calls: unknown[] = [];
  const query: Record<string, unknown> = {};
  for (const name of ["eq", "in", "gte", "lt", "filter"]) {
    query[name] = (...args: unknown[]) => (calls.push([name, ...args]), query);
  }
  const text = "size=1,2&tag=a&is_big=true&made_after=2026-11-01T00:00:00Z&made_before=2026-11-02T00:00:00Z" +
    "&week=7&q=50%25_*&other=x";
  assertEquals(THINGS.filter(query, read(text)), query);
  assertEquals(calls, [
    ["in", "size", ["1", "2"]],
    ["eq", "tags", "a"],
    ["eq", "is_big", true],
    ["gte", "made_at", "2026-11-01T00:00:00Z"],
    ["lt", "made_at", "2026-11-02T00:00:00Z"],
    ["eq", "week_id", "w7"],
    ["filter", "name", "imatch", "50%_\\*"],
  ]);
});

Deno.test("columns() names the id, the order's column and the fields that were asked for", () => {
  assertEquals(THINGS.columns(read("fields=tags&sort=created_at")), "id,made_at,tags");
  assertEquals(THINGS.columns(read("")), "id,size,name,tags,made_at");
});

Deno.test("pageOf() filters, sorts both ways and pages rows that are in memory", async () => {
  const page = async (text: string) => await THINGS.pageOf(rows, context, read(text));
  const ids = async (text: string) => (await page(text)).data.map(({ id }) => id);
  assertEquals(await ids(""), ["id3", "id2", "id1", "id0"]);
  assertEquals(await ids("sort=size"), ["id0", "id1", "id2", "id3"]);
  assertEquals(await ids("sort=-name"), ["id3", "id1", "id2", "id0"]);
  assertEquals([await ids("q=50"), await ids("q=50%25"), await ids("q=_")], [["id2", "id0"], ["id0"], []]);
  assertEquals([await ids("tag=t2"), await ids("made_before=2026-11-02T00:00:00Z")], [["id2"], ["id0"]]);
  assertEquals(await ids("made_after=2026-11-04T00:00:00Z"), ["id3"]);
  const first = await page("limit=3&sort=size");
  assertEquals(await ids(`limit=3&sort=size&cursor=${first.next_cursor}`), ["id3"]);
  assertEquals(await ids(`limit=3&sort=size&fields=name&cursor=${first.next_cursor}`), ["id3"]);
});

Deno.test("a cursor is good for its organization, filter and order only", async () => {
  const { next_cursor: cursor } = await THINGS.pageOf(rows, context, read("limit=1"));
  const open = (text: string, organizationId: string | null = context.organizationId, scope = {}) =>
    THINGS.open({ ...context, organizationId }, read(`${text}&cursor=${cursor}`), scope);
  await open("limit=5");
  for (const text of ["sort=size", "sort=-name", "q=a", "other=b", "tag=all"]) {
    await assertRejects(() => open(text), Error, "cursor");
  }
  await assertRejects(() => open("", crypto.randomUUID()), Error, "cursor");
  await assertRejects(() => open("", context.organizationId, { flow_id: "f" }), Error, "cursor");
});

Deno.test("page() takes rows of which only the id is certain; complete() takes all of them", () => {
  const page = THINGS.page({ total: z.int() });
  const sparse = THINGS.pick({ data: rows, next_cursor: null, total: 4 }, read("fields=name"));
  assertEquals((sparse as { data: unknown[] }).data[1], { id: "id1", name: "bob" });
  assertEquals(page.safeParse(sparse).success, true);
  assertEquals(THINGS.complete(page).safeParse(sparse).success, false);
  assertEquals(THINGS.complete(page).safeParse({ data: rows, next_cursor: null, total: 4 }).success, true);
  assertEquals(page.safeParse({ data: [{ name: "bob" }], next_cursor: null, total: 1 }).success, false);
  assertEquals(page.shape.data.element.meta()?.id, "PartialListedThing");
});
