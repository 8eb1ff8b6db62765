import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import type { MailSettings } from "./settings_schemas.ts";

const BRAND = {
  name: "Acme & Sons",
  logo_url: "https://acme.example/logo.png",
  color: "#7a3cff",
  reply_to: "help@acme.example",
};

Deno.test("mail settings are read, changed by who may, and refuse what is in no order", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const first = await ada.get<MailSettings>("/email/settings");
    const { digest, time_zone, brand } = first.body;
    assertEquals({ digest, time_zone, brand }, {
      digest: "week",
      time_zone: "UTC",
      brand: { name: null, logo_url: null, color: null, reply_to: null },
    });
    const changed = await ada.patch<MailSettings>("/email/settings", { time_zone: "Europe/Berlin", brand: BRAND }, {
      "if-match": first.headers.get("etag") ?? "",
    });
    assertEquals([changed.status, changed.body.brand, changed.body.time_zone], [200, BRAND, "Europe/Berlin"]);
    expectProblem(
      await ada.patch("/email/settings", { digest: "off" }, { "if-match": first.headers.get("etag") ?? "" }),
      "version_mismatch",
    );
    assertEquals((await ada.patch<MailSettings>("/email/settings", { digest: "off" })).body.digest, "off");
    const again = await ada.get("/email/settings", { "if-none-match": changed.headers.get("etag") ?? "" });
    assertEquals(again.status, 200);

    for (
      const bad of [
        { digest: "hourly" },
        { time_zone: "Europe/Atlantis" },
        { time_zone: null },
        { brand: { name: "a\r\nBcc: b@example.com" } },
        { brand: { logo_url: "http://acme.example/logo.png" } },
        { brand: { logo_url: "https://user@acme.example/logo.png" } },
        { brand: { logo_url: "javascript:alert(1)" } },
        { brand: { color: "red" } },
        { brand: { reply_to: "help@acme.example, b@example.com" } },
        { brand: { reply_to: "help@acme.example\r\nBcc: b@example.com" } },
        { brand: { font: "Comic Sans" } },
        { other: 1 },
      ]
    ) expectProblem(await ada.patch("/email/settings", bad), "invalid_request");

    const developer = await api.createMember(ada.organizationId, "developer");
    assertEquals((await developer.get("/email/settings")).status, 200);
    expectProblem(await developer.patch("/email/settings", { digest: "day" }), "forbidden");
    expectProblem(await (await api.createMember(ada.organizationId, "viewer")).get("/email/settings"), "forbidden");
  }));

Deno.test("a preview wears the brand of the organization, or one that is tried, where the mail would", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const page = async (path: string) => (await ada.get<string>(`/email/templates/${path}`)).body;
    assertStringIncludes(await page("alert/preview"), "Millrace");
    await ada.patch("/email/settings", { brand: BRAND });
    const alert = await page("alert/preview");
    assertStringIncludes(alert, "Acme &amp; Sons");
    assertStringIncludes(alert, 'src="https://acme.example/logo.png"');
    assertStringIncludes(await page("invitation/preview"), "#7a3cff");
    // Accounts and payments are the platform's, whoever pays.
    const receipt = await page("receipt/preview");
    assert(!receipt.includes("Acme") && receipt.includes("Millrace"));
    expectProblem(
      await ada.get(`/email/templates/alert/preview?brand_name=${encodeURIComponent("<b>Other")}`),
      "invalid_request",
    );
    const other = await page(`invitation/preview?brand_name=Other&color=${encodeURIComponent("#00aa00")}`);
    assert(other.includes("Other") && other.includes("#00aa00") && !other.includes("#7a3cff"));
    expectProblem(
      await ada.get("/email/templates/alert/preview?logo_url=http://acme.example/l.png"),
      "invalid_request",
    );
    assertEquals((await ada.get<MailSettings>("/email/settings")).body.brand, BRAND);
  }));
