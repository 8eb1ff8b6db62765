/**
 * The services that the demo's flows call, on this machine: an email service like Resend and a CRM.
 *
 * @module
 */

/** Something that a flow sent out. */
export interface Delivery {
  service: "email" | "crm";
  /** What was sent. */
  body: Record<string, unknown>;
  idempotencyKey: string | null;
}

/** The stand-ins. */
export interface OutsideWorld {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Environment with which functions reach it; a developer's own settings go before. */
  functionsEnv: Record<string, string>;
  /** Everything that arrived, in order. */
  deliveries: Delivery[];
  stop(): Promise<void>;
}

/**
 * Starts the stand-ins.
 *
 * @param port preferred port, so that flows of an earlier start still find them; a free one when it is taken
 */
export function startOutsideWorld(port: number): OutsideWorld {
  const deliveries: Delivery[] = [];
  const handle = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    const service = pathname === "/resend/emails" ? "email" : pathname.startsWith("/crm/") ? "crm" : null;
    if (request.method !== "POST" || service === null) return Response.json({ message: "Not found" }, { status: 404 });
    const body = await request.json();
    deliveries.push({ service, body, idempotencyKey: request.headers.get("idempotency-key") });
    const id = crypto.randomUUID();
    return service === "email"
      ? Response.json({ id })
      : Response.json({ id, path: pathname, saved: true }, { status: 201 });
  };
  const server = listen(port, handle);
  const host = `127.0.0.1:${server.addr.port}`;
  return {
    url: `http://${host}`,
    functionsEnv: { EGRESS_ALLOW: host, RESEND_API_KEY: "re_local_demo", RESEND_BASE_URL: `http://${host}/resend` },
    deliveries,
    stop: () => server.shutdown(),
  };
}

function listen(port: number, handler: Deno.ServeHandler): Deno.HttpServer<Deno.NetAddr> {
  const options = { hostname: "127.0.0.1", onListen() {} };
  try {
    return Deno.serve({ ...options, port }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return Deno.serve({ ...options, port: 0 }, handler);
  }
}
