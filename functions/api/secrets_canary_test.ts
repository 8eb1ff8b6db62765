/**
 * Canaries: secrets of many shapes are planted and used by nodes that succeed, fail, wait, repeat and are sent the value
 * back, in every spelling. Afterwards nothing that was recorded, logged or answered may hold one of them.
 *
 * @module
 */
import { toBase64, toHex } from "../../shared/bytes/mod.ts";
import { getEngine } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { type Effect, startEffectServer } from "../../tests/helpers/effect_server.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { readRun, startRun } from "../../tests/helpers/engine.ts";
import { SHAPES } from "../../tests/helpers/secret_shapes.ts";
import { signStripe } from "../../tests/helpers/webhooks.ts";
import { FUNCTIONS } from "./mounts.ts";

const routers = await Promise.all([FUNCTIONS.secrets(), FUNCTIONS.flows(), FUNCTIONS.runs(), FUNCTIONS.nodes()]);

const utf8 = (text: string) => new TextEncoder().encode(text);

/** A value in every spelling that is looked for. */
function needlesOf(value: string): string[] {
  const bytes = utf8(value);
  const cores = [0, 1, 2].map((before) => {
    const encoded = toBase64(new Uint8Array([...new Uint8Array(before), ...bytes])).replace(/=+$/, "");
    return encoded.slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6));
  });
  // Six characters of Base64 do not stand in a ciphertext by chance.
  const base64 = cores.flatMap((core) => [core, core.replaceAll("+", "-").replaceAll("/", "_")]).filter((core) =>
    core.length >= 6
  );
  return [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value), toHex(bytes), ...base64];
}

/** Answers with what came, in every spelling, as the last part of the path says. */
function answer(effect: Effect): Response | Promise<Response> {
  const said = [effect.text, effect.headers.get("authorization") ?? "", decodeURIComponent(effect.path)].join(" ");
  const { value } = (effect.text.startsWith("{") ? JSON.parse(effect.text) : {}) as { value?: string };
  const plain = value ?? said;
  const spellings = {
    said,
    plain,
    parts: { [plain]: [plain, { deep: plain }] },
    json: JSON.stringify({ plain }),
    base64: ["", "x", "xy"].map((before) => toBase64(utf8(`${before}${plain}`))),
    hex: [toHex(utf8(plain)), toHex(utf8(plain)).toUpperCase()],
    url: [encodeURIComponent(plain), new URLSearchParams({ plain }).toString()],
    length: plain.length,
  };
  if (effect.path.startsWith("/hang")) return new Promise(() => {});
  if (effect.path.startsWith("/fail")) return Response.json(spellings, { status: 400, statusText: "Bad" });
  if (effect.path.startsWith("/flaky")) return Response.json(spellings, { status: 503 });
  if (effect.path.startsWith("/moved")) {
    return new Response(null, {
      status: 302,
      headers: { location: `http://169.254.169.254/${encodeURIComponent(plain)}` },
    });
  }
  if (effect.path.startsWith("/text")) return new Response(`got ${plain}, ${encodeURIComponent(plain)}`);
  if (effect.path.startsWith("/emails")) return Response.json({ id: `mail of ${said}` });
  return Response.json(spellings, { headers: { "x-echo": encodeURIComponent(plain) } });
}

/** Calls with the secret at every place of a request where one may stand; what comes back goes on to other nodes. */
function graphOf(url: string, name: string, subflowId: string) {
  const secret = `{{ secrets.${name} }}`;
  const http = (path: string, more: Record<string, Json> = {}, data: Record<string, unknown> = {}) =>
    ["action.http", {
      config: { method: "POST", url: `${url}${path}`, body: { type: "json", value: { value: secret } }, ...more },
      onError: "continue",
      retry: { maxAttempts: 1 },
      ...data,
    }] as [string, Record<string, unknown>];
  return draw(
    {
      t: ["trigger.manual"],
      echo: http("/echo", { auth: { type: "bearer", token: `{{ base64Encode(secrets.${name}) }}` } }),
      text: http("/text", { headers: { "x-half": `{{ urlEncode(substring(secrets.${name}, 0, 8)) }}` } }),
      basic: http("/basic", { auth: { type: "basic", username: "robot", password: secret } }),
      query: http("/query", { method: "GET", body: { type: "none" }, query: { key: secret } }),
      path: http(`/path/{{ urlEncode(secrets.${name}) }}`),
      failed: http("/fail"),
      flaky: http("/flaky", {}, { retry: { maxAttempts: 2, backoff: "fixed", delaySeconds: 0 } }),
      moved: http("/moved", { maxRedirects: 2 }),
      hangs: http("/hang", { timeoutSeconds: 1 }, { timeoutSeconds: 1 }),
      refused: http("", { url: `http://127.0.0.1:1/{{ urlEncode(secrets.${name}) }}` }),
      inside: http("", { url: `http://169.254.169.254/{{ urlEncode(secrets.${name}) }}` }),
      nonsense: http("", { url: secret }),
      method: http("/x", { method: secret }),
      header: http("/x", { headers: { "x-key": secret } }),
      thrown: http("/x", { timeoutSeconds: `{{ secrets.${name} - 1 }}` }),
      mail: ["communication.email", {
        config: { to: "ada@example.com", subject: "Key", text: secret },
        onError: "continue",
        retry: { maxAttempts: 1 },
      }],
      badmail: ["communication.email", {
        config: { to: secret, subject: secret, text: secret },
        onError: "continue",
        retry: { maxAttempts: 1 },
      }],
      copy: set({ all: "{{ steps.echo.output }}", error: "{{ steps.failed.output }}" }),
      each: ["logic.loop.foreach", { config: { items: [1, 2, 3] } }],
      inner: http("/inner"),
      check: ["logic.if", { config: { condition: "{{ contains(steps.text.output.body, 'got') }}" } }],
      sub: ["logic.subflow", {
        config: { flowId: subflowId, input: { all: "{{ steps.echo.output }}" }, mode: "wait" },
      }],
      end: ["logic.stop", { config: { output: { all: "{{ steps.copy.output }}" }, status: "completed" } }],
    } as never,
    ...[
      "t>echo>text>basic>query>path>failed>flaky>moved>hangs>refused>inside>nonsense>method>header>thrown>mail>badmail>copy>each"
        .split(">").reduce<string[]>(
          (edges, node, index, all) => index === 0 ? edges : [...edges, `${all[index - 1]}>${node}`],
          [],
        ),
      "each/body>inner",
      "each/done>check",
      "check/true>sub",
      "check/false>sub",
      "sub>end",
    ].flat(),
  );
}

/** Every text of every row of every table, those of bytea decoded. */
async function* everything(api: TestApi): AsyncGenerator<[place: string, text: string]> {
  const tables = await api.db.sql<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
    order by 1`;
  for (const { name } of tables) {
    const rows = await api.db.sql.unsafe<{ row: Json }[]>(`select to_jsonb(t) as row from ${name} t`);
    for (const { row } of rows) {
      const texts: string[] = [];
      const visit = (value: Json) => {
        if (typeof value === "number") texts.push(String(value));
        else if (typeof value === "string") {
          texts.push(value);
          if (/^\\x(?:[0-9a-f]{2})+$/.test(value)) {
            const bytes = Uint8Array.from(value.slice(2).match(/../g) ?? [], (byte) => parseInt(byte, 16));
            texts.push(new TextDecoder().decode(bytes));
          }
        } else if (typeof value === "object" && value !== null) {
          for (const [key, item] of Object.entries(value)) {
            texts.push(key);
            visit(item as Json);
          }
        }
      };
      visit(row);
      for (const text of texts) yield [name, text];
    }
  }
}

async function withLines<T>(fn: (lines: string[]) => Promise<T>): Promise<T> {
  const lines: string[] = [];
  const kept = { log: console.log, info: console.info, warn: console.warn, error: console.error, debug: console.debug };
  for (const level of Object.keys(kept) as (keyof typeof kept)[]) {
    console[level] = (...parts: unknown[]) =>
      lines.push(parts.map((part) => typeof part === "string" ? part : Deno.inspect(part)).join(" "));
  }
  try {
    return await fn(lines);
  } finally {
    Object.assign(console, kept);
  }
}

async function plant(ada: ApiUser): Promise<Record<string, string>> {
  const names: Record<string, string> = {};
  for (const [shape, value] of Object.entries(SHAPES)) {
    const name = shape.toUpperCase();
    const { status, body } = await ada.post("/secrets", { name, value }, { "idempotency-key": shape });
    assertEquals(status, 201, JSON.stringify(body));
    const other = await ada.send("PUT", `/secrets/${body["id"]}/value`, { value });
    assertEquals(other.status, 200);
    names[shape] = name;
  }
  return names;
}

Deno.test("no secret of any shape is found in what is recorded, logged or answered", async () => {
  const service = startEffectServer(answer);
  const env = {
    EGRESS_ALLOW: service.host,
    RESEND_API_KEY: "re_test_0001",
    RESEND_BASE_URL: service.url,
    LOG_LEVEL: "debug",
  };
  const answers: string[] = [];
  try {
    await withLines((lines) =>
      withServedApi(routers, async (api) => {
        const ada = await api.createUser();
        await api.db.sql`update public.plans set max_flows = 200, max_secrets = 200 where id = 'free'`;
        const names = await plant(ada);
        const claims = { sub: ada.id, role: "authenticated" };
        const tenant = { user: { id: ada.id, email: ada.email, claims }, organizationId: ada.organizationId };
        const subflow = await saveFlow(
          api,
          ada,
          draw({ s: ["trigger.flow"], a: set({ got: "{{ trigger }}" }) }, "s>a"),
          "Sub",
        );
        const started: string[] = [];
        for (const name of Object.values(names)) {
          const graph = graphOf(service.url, name, subflow);
          const made = await ada.post<{ id: string; problems: { code: string }[] }>("/flows", {
            name: `Uses ${name}`,
            graph,
          });
          assertEquals(made.status, 201, JSON.stringify(made.body));
          started.push(await startRun(api.db, tenant, made.body.id));
          const dry = await ada.post<{ id: string }>("/runs", { flow_id: made.body.id, dry_run: { pins: {} } });
          started.push(dry.body.id);
          const config = {
            method: "POST",
            url: `${service.url}/echo`,
            body: { type: "json", value: `{{ secrets.${name} }}` },
          };
          answers.push(JSON.stringify((await ada.post("/nodes/action.http/test", { config, input: {} })).body));
        }
        const { worker, close } = await getEngine(api.env).createWorker();
        await worker.drain({ idleMs: 6_000, pollMs: 20, budgetMs: 90_000 });
        await close();

        for (const id of started) {
          const { run, steps } = await readRun(api.db, id);
          assert(
            ["completed", "failed"].includes(run.status),
            `${run.status}: ${JSON.stringify(steps.map((s) => [s.node_id, s.status]))}`,
          );
          for (
            const path of [`/runs/${id}`, `/runs/${id}/steps?limit=100`, `/runs/${id}/explain`, `/runs/${id}/status`]
          ) {
            const { body } = await ada.get(path);
            answers.push(JSON.stringify(body));
          }
        }
        const [done] = await api.db.sql`
          select count(*) filter (where status = 'completed') as completed,
            count(*) filter (where output::text like '%[redacted]%' or error::text like '%[redacted]%') as redacted
          from public.run_steps`;
        assert(Number(done?.completed) > 22 * 8, JSON.stringify(done));
        assert(Number(done?.redacted) > 22 * 6, JSON.stringify(done));
        // The services did get the values: nothing was redacted on its way there.
        const echoed = service.effects.filter(({ path }) => path === "/echo").map(({ text }) => JSON.parse(text).value);
        assertEquals(new Set(echoed), new Set(Object.values(SHAPES)));
        const [log] = await api.db
          .sql`select sum(uses) as uses, count(distinct secret_id) as secrets from private.secret_accesses`;
        assertEquals(Number(log?.secrets), Object.keys(SHAPES).length);

        const haystacks: [string, string][] = [];
        for await (const found of everything(api)) haystacks.push(found);
        for (const text of answers) haystacks.push(["an answer", text]);
        for (const text of lines) haystacks.push(["the log", text]);
        assert(haystacks.length > 1_000 && lines.length > 100, `${haystacks.length} texts, ${lines.length} lines`);
        const leaks: string[] = [];
        for (const [shape, value] of Object.entries(SHAPES)) {
          for (const needle of needlesOf(value)) {
            for (const [place, text] of haystacks) {
              const at = text.indexOf(needle);
              if (at >= 0) {
                leaks.push(`${shape} in ${place}: …${text.slice(Math.max(0, at - 60), at + needle.length + 20)}`);
              }
            }
          }
        }
        assertEquals(leaks.slice(0, 5), [], `${leaks.length} leaks`);
      }, { env, app: { write: (line) => void lines.push(line) } })
    );
  } finally {
    await service.stop();
  }
});

Deno.test("no secret of a webhook endpoint is found in the database, the log or an answer but the first", async () => {
  const hooks = [await FUNCTIONS.webhooks(), await FUNCTIONS.hooks()];
  await withLines((lines) =>
    withServedApi([...routers, ...hooks], async (api) => {
      const ada = await api.createUser();
      const flow_id = await saveFlow(
        api,
        ada,
        draw({ t: ["trigger.webhook"], a: set({ got: "{{ trigger.body }}" }) }, "t>a"),
      );
      type Made = { id: string; url: string; secret: string };
      const canaries: string[] = [];
      const answers: string[] = [];
      const text = JSON.stringify({ id: "evt_1", type: "x" });
      for (const [index, secret] of ["whsec_canary_given_by_stripe", undefined].entries()) {
        const body = { name: "Canary", flow_id, provider: "stripe", ...(secret === undefined ? {} : { secret }) };
        const made = await ada.post<Made>("/webhooks", body, { "idempotency-key": `canary-${index}` });
        assertEquals(made.status, 201, JSON.stringify(made.body));
        const rotated = await ada.post<Made>(`/webhooks/${made.body.id}/rotate`, { overlap_seconds: 3600 });
        canaries.push(made.body.secret, rotated.body.secret);
        // Both are good, and what is forged is refused.
        for (const [n, key] of [made.body.secret, rotated.body.secret, "whsec_forged_canary"].entries()) {
          const signed = text.replace("evt_1", `evt_${n}`);
          const slug = made.body.url.split("/").at(-1);
          const reply = await api.caller({ "stripe-signature": await signStripe(signed, key) })
            .post(`/hooks/${slug}`, signed);
          assertEquals(reply.status, n === 2 ? 401 : 202, JSON.stringify(reply.body));
          answers.push(JSON.stringify(reply.body));
        }
        answers.push(JSON.stringify((await ada.get(`/webhooks/${made.body.id}`)).body));
        answers.push(JSON.stringify((await ada.get("/webhooks")).body));
      }
      // One that was set past the functions waits for the clock.
      const claims = { sub: ada.id, role: "authenticated" };
      const direct = "whsec_canary_set_by_sql_itself";
      await api.db.as("authenticated", claims, (sql) =>
        sql`
        select public.create_webhook_endpoint(${flow_id}, 'Direct', 'stripe', '{}', ${direct}, p_idempotency_key => 'direct')`);
      await api.db.sql`select private.warn_of_expiry()`;
      const { worker, close } = await getEngine(api.env).createWorker((parts) =>
        createJobRunner({ env: api.env, log: createLog("jobs"), ...parts })
      );
      await worker.drain({ idleMs: 500, pollMs: 20, budgetMs: 30_000 });
      await close();
      canaries.push(direct);
      const [left] = await api.db.sql`
        select count(*)::int as rows, count(secret)::int as plain from private.webhook_secrets`;
      assertEquals([left?.rows, left?.plain], [5, 0]);

      const haystacks: [string, string][] = [];
      for await (const found of everything(api)) haystacks.push(found);
      for (const answer of answers) haystacks.push(["an answer", answer]);
      for (const line of lines) haystacks.push(["the log", line]);
      const leaks = canaries.flatMap((canary) => {
        const core = canary.replace("whsec_", "");
        return haystacks.filter(([, hay]) => [canary, core, ...needlesOf(core)].some((needle) => hay.includes(needle)));
      });
      assertEquals(leaks.map(([place]) => place), []);
    }, { env: { LOG_LEVEL: "debug" }, app: { write: (line) => void lines.push(line) } })
  );
});

Deno.test("a graph is told which secrets there are not, and where none may stand", () =>
  withServedApi(routers, async (api) => {
    const ada = await api.createUser();
    await ada.post("/secrets", { name: "HERE", value: "some value" });
    const call = (name: string): [string, Record<string, Json>] => [
      "action.http",
      { config: { url: "https://example.com", auth: { type: "bearer", token: `{{ secrets["${name}"] }}` } } },
    ];
    const graph = draw({ t: ["trigger.manual"], a: call("HERE"), b: call("GONE") } as never, "t>a", "a>b");
    type Made = { id: string; problems: { code: string; severity: string; node_id: string; message: string }[] };
    const shown = ({ problems }: Made) => problems.map(({ code, severity, node_id }) => [code, severity, node_id]);
    const expected = [["missing_secret", "warning", "b"]];
    const made = await ada.post<Made>("/flows", { name: "Two", graph });
    assertEquals([made.status, shown(made.body)], [201, expected]);
    assertEquals(shown((await ada.post<Made>("/flows/validate", { graph })).body), expected);
    assertEquals(shown((await ada.patch<Made>(`/flows/${made.body.id}`, { graph })).body), expected);
    await ada.post("/secrets", { name: "GONE", value: "some value" });
    assertEquals(shown((await ada.post<Made>("/flows/validate", { graph })).body), []);
    const leaky = draw({ t: ["trigger.manual"], a: set({ key: "{{ secrets.HERE }}" }) }, "t>a");
    const refused = await ada.post<Made>("/flows", { name: "Leaks", graph: leaky });
    assertEquals([refused.status, refused.body.problems[0]?.code], [422, "secret_not_allowed"]);
  }));

Deno.test("a step that cannot have its secret fails and says why; a new value is used within seconds", async () => {
  const service = startEffectServer(() => Response.json({}));
  try {
    await withServedApi(routers, async (api) => {
      const ada = await api.createUser();
      const { body: secret } = await ada.post<{ id: string }>("/secrets", { name: "KEY", value: "first value" });
      const graph = draw({
        t: ["trigger.manual"],
        a: ["action.http", {
          config: { method: "POST", url: service.url, body: { type: "json", value: "{{ secrets.KEY }}" } },
          retry: { maxAttempts: 1 },
        }],
      } as never, "t>a");
      const flow = await saveFlow(api, ada, graph);
      const claims = { sub: ada.id, role: "authenticated" };
      const tenant = { user: { id: ada.id, email: ada.email, claims }, organizationId: ada.organizationId };
      const outcome = async () => {
        const id = await startRun(api.db, tenant, flow);
        const { worker, close } = await getEngine(api.env).createWorker();
        await worker.drain({ idleMs: 0, pollMs: 10 });
        await close();
        const { run } = await readRun(api.db, id);
        return [run.status, run.error?.code ?? null];
      };
      assertEquals(await outcome(), ["completed", null]);
      await ada.send("PUT", `/secrets/${secret.id}/value`, { value: "second value" });
      assertEquals(await outcome(), ["completed", null]);
      assertEquals(service.effects.map(({ text }) => text), ['"first value"', '"second value"']);
      await api.db.sql`update public.secrets set expires_at = now() - interval '1 minute' where id = ${secret.id}`;
      assertEquals(await outcome(), ["failed", "secret_expired"]);
      assertEquals((await ada.delete(`/secrets/${secret.id}?force=true`)).status, 204);
      assertEquals(await outcome(), ["failed", "secret_missing"]);
      assertEquals(service.effects.length, 2);
    }, { env: { EGRESS_ALLOW: service.host } });
    await withServedApi(routers, async (api) => {
      const ada = await api.createUser();
      const graph = draw(
        { t: ["trigger.manual"], a: ["action.http", { config: { url: "{{ secrets.KEY }}" } }] } as never,
        "t>a",
      );
      const flow = await saveFlow(api, ada, graph);
      const claims = { sub: ada.id, role: "authenticated" };
      const id = await startRun(api.db, {
        user: { id: ada.id, email: ada.email, claims },
        organizationId: ada.organizationId,
      }, flow);
      const { worker, close } = await getEngine(api.env).createWorker();
      await worker.drain({ idleMs: 0, pollMs: 10 });
      await close();
      assertEquals((await readRun(api.db, id)).run.error?.code, "secrets_not_set_up");
    }, { env: { MILLRACE_MASTER_KEYS: "" } });
  } finally {
    await service.stop();
  }
});
