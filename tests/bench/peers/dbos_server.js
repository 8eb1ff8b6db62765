/**
 * The scenarios of `deno task bench flows` for DBOS, as its documentation writes workflows: each node a step of a
 * registered workflow, branches and loops plain code. Runs under Node and Deno:
 *
 *     node dbos_server.js MODULE_OF_THE_SDK DATABASE_URL LEDGER_URL SECRET SIGNATURE_HEADER
 *
 * Says `ready PORT`; ends when its standard input does.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";

const [sdk, databaseUrl, ledger, secret, signatureHeader] = process.argv.slice(2);
const { DBOS } = await import(sdk);

DBOS.setConfig({
  name: "bench",
  systemDatabaseUrl: databaseUrl,
  // The same program after a restart: what was under way is recovered.
  applicationVersion: "1",
  executorID: "bench",
  logLevel: "error",
});

/** A node that gives an object. */
const set = (name, fields) => DBOS.runStep(() => Promise.resolve(fields), { name });

/** A node with an effect, under a key that is the same each time it is tried. */
const effect = (name, value) =>
  DBOS.runStep(async () => {
    const response = await fetch(ledger, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": `${DBOS.workflowID}:${name}` },
      body: JSON.stringify(value),
    });
    if (!response.ok) throw new Error(`The ledger answered ${response.status}`);
    return await response.json();
  }, { name, retriesAllowed: true, maxAttempts: 3 });

const workflows = {
  s1: ({ amount }) => set("a", { n: 1, from: amount }),
  async s2({ amount }) {
    let last = { n: amount };
    for (let index = 1; index <= 10; index++) last = await set(`n${index}`, { n: last.n + 1 });
    return last;
  },
  async s3({ amount }) {
    const a = await set("a", { n: amount + 1 });
    const branch = amount > 50 ? await set("high", { n: a.n + 10 }) : await set("low", { n: a.n });
    return await set("z", { n: branch.n + 100 });
  },
  async s4({ list }) {
    const all = await Promise.all(list.map((item) => set("each", { n: item * 2 })));
    return await set("total", { count: all.length, total: all.reduce((sum, { n }) => sum + n, 0) });
  },
  s5: ({ amount }) => set("a", { n: 1, from: amount }),
  async s6() {
    for (let index = 1; index <= 10; index++) await effect(`n${index}`, { step: index });
  },
};
const registered = Object.fromEntries(
  Object.entries(workflows).map(([name, workflow]) => [name, DBOS.registerWorkflow(workflow, { name })]),
);

/** Whose answer waits for the end. */
const ANSWERED = new Set(["s1", "s2", "s3", "s4"]);

function isSigned(body, signature) {
  const expected = createHmac("sha256", secret).update(body).digest();
  const given = Buffer.from(signature ?? "", "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function answer(request, response) {
  const name = request.url.slice(1);
  const body = await readBody(request);
  if (registered[name] === undefined) return reply(response, 404, {});
  if (!isSigned(body, request.headers[signatureHeader])) return reply(response, 401, {});
  const event = JSON.parse(body.toString());
  // The event's id: a repeated event starts nothing.
  const handle = await DBOS.startWorkflow(registered[name], { workflowID: `${name}-${event.id}` })(event);
  if (!ANSWERED.has(name)) return reply(response, 202, { workflow_id: handle.workflowID });
  reply(response, 200, { workflow_id: handle.workflowID, output: await handle.getResult() });
}

function reply(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    reply(response, 500, {});
  });
});

await DBOS.launch();
server.listen(0, "127.0.0.1", () => console.log(`ready ${server.address().port}`));
process.stdin.on("end", async () => {
  server.close();
  server.closeAllConnections();
  await DBOS.shutdown();
  process.exit(0);
});
process.stdin.resume();
