import { withApi } from "../../tests/helpers/api.ts";
import { checkRoutes } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";

Deno.test("every route of audit keeps the common contract", (t) =>
  withApi([router], async (api) => {
    await checkRoutes(t, api, router);
  }));
