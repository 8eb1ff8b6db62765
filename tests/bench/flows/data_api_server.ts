/**
 * The local stack's Data API in a process of its own: `data_api_server.ts DATABASE_URL`, the project's keys as JSON in
 * `PROJECT_KEYS`. Says `ready PORT`; ends when its standard input does.
 *
 * @module
 */
import { serveDataApi } from "../_data_api.ts";

const { port } = await serveDataApi(Deno.args[0]!, JSON.parse(Deno.env.get("PROJECT_KEYS")!));
console.log(`ready ${port}`);
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
