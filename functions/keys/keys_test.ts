import { withApi } from "../../tests/helpers/api.ts";
import { checkRoutes } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";

Deno.test("each route of keys keeps the common contract", (test) =>
  withApi([router], (api) => checkRoutes(test, api, router)));
