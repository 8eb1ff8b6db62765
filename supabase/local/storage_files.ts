/**
 * Where uploaded files live: a folder. (lite's own adapter for that is not among its exports.)
 *
 * @module
 */
import type { App } from "@supabase/lite";
import { dirname, join, resolve, sep } from "node:path";

type Adapter = NonNullable<App["_storageAdapter"]>;
type Metadata = Awaited<ReturnType<Adapter["headObject"]>>;

/** What the file system does not keep, in a file beside the object. */
interface Sidecar {
  mimetype: string;
  cacheControl: string;
  eTag: string;
}

/**
 * Stores objects as `<folder>/<bucket>/<key>`, their metadata in `<key>.metadata.json`.
 *
 * @param folder absolute path; created when needed
 */
export function folderStorage(folder: string): Adapter {
  const pathOf = (bucket: string, key: string): string => {
    const path = resolve(join(folder, bucket, key));
    if (!path.startsWith(resolve(folder, bucket) + sep)) throw new Error("Cannot leave the bucket");
    return path;
  };
  const metadata = async (path: string): Promise<Metadata> => {
    const [{ size, mtime }, sidecar] = await Promise.all([Deno.stat(path), Deno.readTextFile(sidecarOf(path))]);
    return { ...JSON.parse(sidecar) as Sidecar, contentLength: size, size, lastModified: mtime ?? new Date() };
  };
  const remove = async (bucket: string, key: string): Promise<void> => {
    const path = pathOf(bucket, key);
    await Promise.all([path, sidecarOf(path)].map((file) => Deno.remove(file).catch(ignoreMissing)));
  };
  return {
    driver: null,
    async getObject(bucket, key, _version, headers) {
      const path = pathOf(bucket, key);
      const found = await metadata(path);
      if (headers?.ifNoneMatch === found.eTag) return { metadata: found, httpStatusCode: 304 };
      const bytes = await Deno.readFile(path);
      const range = /^bytes=(\d+)-(\d*)$/.exec(headers?.range ?? "");
      if (!range) return { metadata: found, httpStatusCode: 200, body: new Blob([bytes]) };
      const [start, end] = [Number(range[1]), Math.min(range[2] ? Number(range[2]) : Infinity, bytes.length - 1)];
      const contentRange = `bytes ${start}-${end}/${bytes.length}`;
      const part = { ...found, contentLength: end - start + 1, contentRange };
      return { metadata: part, httpStatusCode: 206, body: new Blob([bytes.slice(start, end + 1)]) };
    },
    async uploadObject(bucket, key, _version, body, mimetype, cacheControl) {
      const path = pathOf(bucket, key);
      const bytes = body instanceof Uint8Array
        ? body as Uint8Array<ArrayBuffer>
        : await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).bytes();
      const eTag = `"${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 32)}"`;
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, bytes);
      await Deno.writeTextFile(sidecarOf(path), JSON.stringify({ mimetype, cacheControl, eTag } satisfies Sidecar));
      return await metadata(path);
    },
    async copyObject(bucket, key, _version, targetBucket, targetKey) {
      const [from, to] = [pathOf(bucket, key), pathOf(targetBucket, targetKey)];
      await Deno.mkdir(dirname(to), { recursive: true });
      await Promise.all([Deno.copyFile(from, to), Deno.copyFile(sidecarOf(from), sidecarOf(to))]);
      return { ...await metadata(to), httpStatusCode: 200 };
    },
    deleteObject: (bucket, key) => remove(bucket, key),
    async deleteObjects(bucket, keys) {
      await Promise.all(keys.map((key) => remove(bucket, key)));
    },
    headObject: (bucket, key) => metadata(pathOf(bucket, key)),
    privateAssetUrl: (bucket, key) => Promise.resolve(`file://${pathOf(bucket, key)}`),
  };
}

function sidecarOf(path: string): string {
  return `${path}.metadata.json`;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
