/** Packs bytes as one gzip member. */
export function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return through(bytes, new CompressionStream("gzip"));
}

/**
 * Unpacks one gzip member. Members that lie one behind the other have to be told apart first: a `DecompressionStream`
 * refuses what comes behind the first.
 *
 * @throws {TypeError} What is no gzip member, or not the whole of one.
 */
export function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  return through(bytes, new DecompressionStream("gzip"));
}

async function through(bytes: Uint8Array, transform: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream as ReadableStream).arrayBuffer());
}
