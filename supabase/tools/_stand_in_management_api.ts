/**
 * As much of Supabase's Management API as `supabase functions deploy --use-api` talks to, on the loopback interface.
 * https://supabase.com/docs/reference/api/v1-deploy-a-function
 *
 * @module
 */

/** What the CLI uploaded for one function. */
export interface UploadedFunction {
  slug: string;
  /** Path from the repository's root → size in bytes. */
  files: Map<string, number>;
  metadata: { entrypoint_path?: string; import_map_path?: string; verify_jwt?: boolean };
}

/** A stand-in that runs. */
export interface StandInManagementApi {
  url: string;
  /** Filled as the CLI uploads. */
  uploads: UploadedFunction[];
  stop(): Promise<void>;
}

/** Starts the stand-in on a free port. */
export function startManagementApi(): StandInManagementApi {
  const uploads: UploadedFunction[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const route = `${request.method} ${pathname.replace(/^\/v1\/projects\/[a-z]{20}/, "")}`;
    switch (route) {
      case "GET /functions":
        return Response.json([]);
      case "POST /functions/deploy": {
        const upload = await readUpload(searchParams.get("slug") ?? "", request);
        uploads.push(upload);
        return Response.json(deployed(upload.slug), { status: 201 });
      }
      case "PUT /functions": {
        const functions: { slug: string }[] = await request.json();
        return Response.json({ functions: functions.map(({ slug }) => deployed(slug)) });
      }
      default:
        return Response.json({ message: `The stand-in does not know ${route}` }, { status: 404 });
    }
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, uploads, stop: () => server.shutdown() };
}

async function readUpload(slug: string, request: Request): Promise<UploadedFunction> {
  const form = await request.formData();
  const files = form.getAll("file").filter((part) => part instanceof File);
  return {
    slug,
    files: new Map(files.map((file) => [file.name, file.size])),
    metadata: JSON.parse(String(form.get("metadata") ?? "{}")),
  };
}

function deployed(slug: string): Record<string, unknown> {
  return { id: slug, slug, name: slug, status: "ACTIVE", version: 1, created_at: 0, updated_at: 0 };
}
