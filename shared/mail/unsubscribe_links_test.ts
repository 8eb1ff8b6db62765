import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { Env } from "../env/mod.ts";
import { readMailToken, signMailToken, unsubscribeLinks } from "./unsubscribe_links.ts";

const MAIL = "0193a000-0000-7000-a000-000000000006";
const KEYS = { secretKeys: { default: "sb_secret_new", before: "sb_secret_old" } };

function envOf(emailPreferencesUrl: string | null): Env {
  return { ...KEYS, functionsUrl: "https://x.example/functions/v1", emailPreferencesUrl } as unknown as Env;
}

Deno.test("unsubscribeLinks() gives a mail the same links each time, and no address", async () => {
  const [once, again] = [
    await unsubscribeLinks({ id: MAIL }, envOf(null)),
    await unsubscribeLinks({ id: MAIL }, envOf(null)),
  ];
  assertEquals(once, again);
  const token = once.unsubscribeUrl.split("/").at(-1) ?? "";
  assertEquals(once, {
    unsubscribeUrl: `https://x.example/functions/v1/email/unsubscribe/${token}`,
    preferencesUrl: `https://x.example/functions/v1/email/preferences/${token}`,
  });
  const elsewhere = await unsubscribeLinks({ id: MAIL }, envOf("https://app.example/mails"));
  assertEquals(elsewhere, { ...once, preferencesUrl: `https://app.example/mails#token=${token}` });
});

Deno.test("readMailToken() takes what any key of the project signed, and nothing else", async () => {
  const token = await signMailToken(KEYS, MAIL);
  assertEquals(await readMailToken(KEYS, token), MAIL);
  assertEquals(
    await readMailToken(KEYS, await signMailToken({ secretKeys: { default: "sb_secret_old" } }, MAIL)),
    MAIL,
  );
  const other = await signMailToken(KEYS, MAIL.replace(/6$/, "7"));
  const bad = [
    "",
    ".",
    MAIL,
    `${MAIL}.`,
    token.toUpperCase(),
    `${token}=`,
    `${token}A`,
    ` ${token}`,
    `${token}\n`,
    token.replace(MAIL, MAIL.replace(/6$/, "7")),
    `${MAIL}.${other.split(".")[1]}`,
    token.replace(/.$/, (last) => last === "A" ? "B" : "A"),
    await signMailToken({ secretKeys: { default: "sb_secret_guess" } }, MAIL),
  ];
  for (const text of bad) assert(await readMailToken(KEYS, text) === null, text);
});
