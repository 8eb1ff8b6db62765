/**
 * The text at the top of the OpenAPI document: Markdown, a chapter for each heading. The documentation page shows each
 * chapter with its code beside it; fences that follow each other are the same thing in several languages.
 *
 * @module
 */

const fence = "```";

/** Where samples find the client. Not in one line with its import: what reads like one is packed with the function. */
const CLIENT_MODULE = JSON.stringify("./millrace.ts");

/**
 * What is true for every operation, and how to begin.
 *
 * @param functionsUrl Where the functions answer.
 */
export function guide(functionsUrl: string): string {
  return `Flows are graphs that webhooks, schedules, people and programs start and that run durably: every run either ends
or is visibly waiting, whatever fails in between.

## Getting started

You need a credential, a flow, and a run of it. Everything here can be tried on this page, too.

1. **Get an API key.** Owners and admins make one with \`POST /keys\`; it is shown once. In a frontend you need none:
the access token of whoever is signed in does the same.
2. **Make a flow.** It is a graph of nodes and edges in React Flow's shape. \`GET /templates\` has some to begin with.
3. **Run it.** With \`wait\` the answer brings the result, if the run ends in time; without it you get 202 at once.

${fence}bash
export MILLRACE="${functionsUrl}"
export MILLRACE_API_KEY="mr_test_…"

# 1. A flow that greets
FLOW=$(curl -s "$MILLRACE/flows" \\
  -H "Authorization: Bearer $MILLRACE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Greet",
    "is_active": true,
    "graph": {
      "nodes": [
        {"id": "start", "type": "trigger.manual",
         "position": {"x": 0, "y": 0}, "data": {}},
        {"id": "greet", "type": "logic.stop",
         "position": {"x": 240, "y": 0},
         "data": {"config": {"output": "Hello {{ trigger.name }}"}}}
      ],
      "edges": [
        {"id": "e1", "source": "start", "target": "greet"}
      ]
    }
  }' | jq -r .id)

# 2. Run it, and wait for what it gives
curl -s "$MILLRACE/flows/$FLOW/run?wait=10" \\
  -H "Authorization: Bearer $MILLRACE_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"input": {"name": "Ada"}}' | jq .output
${fence}

${fence}ts
import { createMillrace } from ${CLIENT_MODULE};

const millrace = createMillrace({
  url: "${functionsUrl}",
  apiKey: process.env.MILLRACE_API_KEY,
});

const { data: flow } = await millrace.request("POST /flows", {
  body: { name: "Greet", is_active: true, graph },
});
const { data: run } = await millrace.request("POST /flows/{id}/run", {
  params: { id: flow.id },
  query: { wait: 10 },
  body: { input: { name: "Ada" } },
});
console.log(run.output);
${fence}

${fence}python
import os
import requests

millrace = requests.Session()
millrace.headers["Authorization"] = f"Bearer {os.environ['MILLRACE_API_KEY']}"
url = "${functionsUrl}"

flow = millrace.post(f"{url}/flows", json={
    "name": "Greet", "is_active": True, "graph": graph,
}).json()
run = millrace.post(
    f"{url}/flows/{flow['id']}/run",
    params={"wait": 10},
    json={"input": {"name": "Ada"}},
).json()
print(run["output"])
${fence}

## Authentication

**API keys** are for programs. They begin with \`mr_live_\` or \`mr_test_\`, belong to one organization, and have scopes:
each operation here names the scope that it needs. Send the key as \`Authorization: Bearer\` or as \`x-api-key\`. Keep it
on servers; a key that has leaked is revoked at once with \`DELETE /keys/{id}\`. Both kinds reach the same data.

**Access tokens** are for people. Send the token of whoever is signed in with Supabase Auth as \`Authorization: Bearer\`,
and the project's publishable key as \`apikey\`: supabase-js does both. What somebody may do depends on the role; the names
of the permissions are those of the scopes. \`X-Organization-Id\` chooses among several organizations.

**Secret keys** of the project, sent as \`apikey\`, are for operators and cron. They never belong into a browser.

A credential that is sent and does not hold is refused everywhere, also where none is needed. Sensitive operations may
ask for a second factor (\`mfa_required\`).

${fence}bash
curl "${functionsUrl}/flows" \\
  -H "Authorization: Bearer $MILLRACE_API_KEY"
${fence}

${fence}ts
// In a frontend: as whoever is signed in
const millrace = createMillrace({
  url: "${functionsUrl}",
  publishableKey: "sb_publishable_…",
  getToken: async () =>
    (await supabase.auth.getSession()).data.session?.access_token,
});
${fence}

## Addresses

Every function answers under its own name, \`${functionsUrl}/flows\`, and nearly all of them below \`api\` as well,
\`${functionsUrl}/api/v1/flows\`. There, frontends of the first version find their old names:

| name | also answers as |
| --- | --- |
| \`flows\` | \`workflows\`, \`canvas\` |
| \`runs\` | \`executions\` |
| \`nodes\` | \`workers\` |
| \`flows/stats\` | \`stats\` |
| \`orgs/me\`, \`orgs/sync\` | \`auth/me\`, \`auth/sync\` |
| \`orgs/invitations\` | \`invitations\` |
| \`audit/activity\` | \`activity\` |

## Clients

**TypeScript.** The typed client is one file without dependencies, \`docs/client/millrace.ts\` of the repository: copy it.
Operations are named as here; parameters, bodies and answers are typed; it keeps idempotency keys over its retries.

**supabase-js.** \`supabase.functions.invoke("flows", …)\` calls a function as whoever is signed in.

**Anything else.** It is plain HTTP with JSON. The OpenAPI 3.1 document makes clients for most languages.

${fence}ts
const { data, error } = await supabase.functions.invoke("flows", {
  method: "POST",
  body: { name: "Greet" },
});
if (error) throw await error.context.json();
${fence}

## Pagination

Lists answer \`{ data, next_cursor }\`. Give \`next_cursor\` back as \`cursor\`, with the same order and filters; null means
that was the last page. A cursor belongs to its organization, order and filters, and is refused anywhere else.

| parameter | does |
| --- | --- |
| \`limit\` | 1 to 100 of them, 50 when absent |
| \`cursor\` | goes on where the last page ended |
| \`sort\` | a column of the list; \`-\` before it for descending |
| \`fields\` | \`id,name\`: only these |
| filters | named with each list; several values are separated by commas; \`…_after\` and \`…_before\` are moments |

${fence}bash
curl "${functionsUrl}/runs?status=failed&sort=-created_at&limit=20" \\
  -H "Authorization: Bearer $MILLRACE_API_KEY"
${fence}

${fence}ts
// Page after page, as it is asked for
for await (const run of millrace.items("GET /runs", {
  query: { status: "failed" },
})) {
  console.log(run.id);
}
${fence}

${fence}python
cursor = None
while True:
    page = millrace.get(f"{url}/runs", params={
        "status": "failed", "cursor": cursor,
    }).json()
    for run in page["data"]:
        print(run["id"])
    cursor = page["next_cursor"]
    if cursor is None:
        break
${fence}

## Idempotency

Requests that make something take \`Idempotency-Key\`: any text of your own, such as the number of an order. The same key
with the same request gives the same answer for 24 hours and makes nothing twice, also when the first answer was lost on
its way. With another request it is refused (422 \`idempotency_mismatch\`); while the first is still under way, 409
\`idempotency_in_flight\`.

${fence}bash
curl -X POST "${functionsUrl}/flows/$FLOW/run" \\
  -H "Authorization: Bearer $MILLRACE_API_KEY" \\
  -H "Idempotency-Key: order-1042" \\
  -H "Content-Type: application/json" \\
  -d '{"input": {"order": 1042}}'
${fence}

## Concurrent changes

Every GET that answers JSON brings an \`ETag\`. Send it as \`If-None-Match\` to be told that nothing has changed (304), and
as \`If-Match\` with a change so that nobody's work is overwritten: 412 \`version_mismatch\` when it is stale. Without
\`If-Match\` the last change wins.

${fence}ts
const { data: flow, etag } = await millrace.request(
  "GET /flows/{id}", { params: { id } },
);
await millrace.request("PATCH /flows/{id}", {
  params: { id },
  body: { name: "Sales" },
  ifMatch: etag ?? "",
});
${fence}

## Rate limits

Each request takes a token from every bucket that it falls under: the person's or key's, and the organization's. Every
answer to them names the tightest one. Refused requests (429) cost nothing, and whoever waits as told gets through; whoever
goes on is blocked for longer and longer.

| header | says |
| --- | --- |
| \`RateLimit-Policy\` | \`"read";q=100;w=20\`: 100 requests in 20 seconds |
| \`RateLimit\` | \`"read";r=12;t=18\`: 12 are left; full again in 18 seconds |
| \`X-RateLimit-Warning\` | four fifths are gone |
| \`Retry-After\` | seconds to wait, with 429 and 503 |

Bodies are JSON of 1 MiB at most, unless an operation says otherwise; gzip and deflate are fine.

${fence}http
HTTP/1.1 429 Too Many Requests
Retry-After: 2
RateLimit-Policy: "read";q=100;w=20
RateLimit: "read";r=0;t=20
${fence}

## Versions

The API changes by date. \`Millrace-Version\` says which version a request means, and every answer which one was meant.
Without the header it is the one that the key is pinned to, else the organization's, else the latest. \`PUT /api/v1/version\`
pins. New fields, parameters and operations come without a new version: ignore what you do not know.

What is on its way out says so in each answer, with \`Deprecation\`, \`Sunset\` and a \`Link\` to the change log.

${fence}http
HTTP/1.1 200 OK
Millrace-Version: 2026-11-01
Deprecation: @1795219200
Sunset: Sun, 21 Nov 2027 00:00:00 GMT
Link: <${functionsUrl}/api/v1/changelog>; rel="deprecation"; type="application/json"
${fence}

## Following a run

\`GET /runs/{id}/events\` is a stream of server-sent events: every step as it is recorded, and the end. It goes on where
you left with \`Last-Event-ID\`. Frontends may also listen to Supabase Realtime, topic \`run:{id}\`. With \`?wait=N\`, up to
60 seconds, the request that starts a run answers with its result.

${fence}bash
curl -N "${functionsUrl}/runs/$RUN/events" \\
  -H "Authorization: Bearer $MILLRACE_API_KEY" \\
  -H "Accept: text/event-stream"
${fence}

## Requests and answers

Bodies are UTF-8 JSON. Times are ISO 8601 with their offset, ids are UUIDs, names are written like \`created_at\`. What an
operation does not know is refused, with its path, instead of being ignored. Every answer carries \`X-Request-Id\`: name it
when you ask us. \`traceparent\` of yours is taken on.

Errors are problem documents (RFC 9457) with a stable \`code\`. \`problems\` holds everything that is wrong at once.

${fence}json
{
  "type": "urn:millrace:error:invalid_request",
  "title": "The request is not valid",
  "status": 400,
  "code": "invalid_request",
  "detail": "body.name: This is required",
  "request_id": "3f1c9a52-7d0e-4b7a-9d58-2f6a1c0b4e11",
  "problems": [
    {
      "path": "body.name",
      "code": "required",
      "message": "This is required"
    }
  ]
}
${fence}
`;
}
