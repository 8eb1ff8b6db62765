import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { type CallbackPlace, callbackUrl, readCallback, signCallback } from "./callback_url.ts";

const SECRET = "sb_secret_test";
const RUN = "0193a000-0000-7000-8000-000000000001";
const PLACES: CallbackPlace[] = [
  { runId: RUN, node: "wait", scope: "" },
  { runId: RUN, node: "a-b_C9", scope: "split.3/loop-1.12" },
];

Deno.test("callbackUrl() makes a URL whose last part gives the step back", async () => {
  for (const place of PLACES) {
    const url = await callbackUrl(SECRET, "https://x.example/functions/v1", place);
    assert(url.startsWith(`https://x.example/functions/v1/hooks/callbacks/${RUN}.${place.node}.`));
    const token = url.split("/").at(-1) ?? "";
    assertEquals(encodeURIComponent(token), token);
    assertEquals(await readCallback(SECRET, token), place);
  }
});

Deno.test("readCallback() refuses what was edited, signed with another key, or is no callback", async () => {
  const [first, second] = await Promise.all(PLACES.map((place) => signCallback(SECRET, place)));
  const signature = first?.split(".").at(-1);
  const bad = [
    "",
    ".",
    "..",
    signature ?? "",
    first?.replace(".wait.", ".wait2.") ?? "",
    first?.replace(RUN, RUN.replace(/1$/, "2")) ?? "",
    // The step of an item is not that of the top level.
    `${RUN}.a-b_C9.${second?.split(".").at(-1)}`,
    second?.replace(/\.[^.]+(?=\.[^.]+$)/, ".c3BsaXQuNA") ?? "",
    `${first}=`,
    `${first}A`,
    `${first}.A`,
    first?.replace(/.$/, (last) => last === "A" ? "B" : "A") ?? "",
    `${RUN}.wait.${"A".repeat(43)}`,
    `${RUN}.${"n".repeat(5000)}.${signature}`,
    await signCallback("another", PLACES[0] as CallbackPlace),
  ];
  for (const token of bad) assertEquals(await readCallback(SECRET, token), null, token);
});
