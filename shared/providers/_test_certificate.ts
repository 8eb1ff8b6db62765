/**
 * A self-signed certificate for tests, made in memory so that no private key lies in the repository. Just enough DER
 * for X.509 v3 with ECDSA P-256. https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 *
 * @module
 */

/** A certificate with its key, both PEM. */
export interface TestCertificate {
  cert: string;
  key: string;
}

/**
 * Makes a certificate that is valid for a day around now.
 *
 * @param hostname The DNS name it is for.
 * @returns PEM texts for `Deno.serve`, and for `caCerts` on the other side.
 */
export async function createTestCertificate(hostname: string): Promise<TestCertificate> {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const name = sequence(set(sequence(oid(0x55, 4, 3), tag(0x0c, ascii(hostname)))));
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2));
  const names = sequence(tag(0x82, ascii(hostname)));
  const body = sequence(
    tag(0xa0, tag(2, [2])),
    tag(2, [1, ...crypto.getRandomValues(new Uint8Array(8))]),
    algorithm,
    name,
    sequence(time(-12), time(12)),
    name,
    publicKey,
    tag(0xa3, sequence(sequence(oid(0x55, 0x1d, 0x11), tag(4, names)))),
  );
  const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, body);
  const halves = [new Uint8Array(raw, 0, 32), new Uint8Array(raw, 32)].map((half) => tag(2, positive(half)));
  const certificate = sequence(body, algorithm, tag(3, [0, ...sequence(...halves)]));
  return { cert: pem("CERTIFICATE", certificate), key: pem("PRIVATE KEY", privateKey) };
}

type Bytes = ArrayLike<number> & Iterable<number>;

function tag(type: number, content: Bytes) {
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return new Uint8Array([type, ...length, ...content]);
}

function sequence(...parts: Bytes[]) {
  return tag(0x30, parts.flatMap((part) => [...part]));
}

function set(part: Bytes) {
  return tag(0x31, part);
}

function oid(...bytes: number[]) {
  return tag(6, bytes);
}

function ascii(text: string) {
  return new TextEncoder().encode(text);
}

function time(hours: number) {
  const iso = new Date(Date.now() + hours * 3_600_000).toISOString();
  return tag(0x17, ascii(`${iso.slice(2, 19).replace(/[-:T]/g, "")}Z`));
}

/** An unsigned number as DER wants it: no needless zeros in front, but one where the top bit is set. */
function positive(bytes: Uint8Array): number[] {
  const digits = [...bytes];
  while (digits.length > 1 && digits[0] === 0) digits.shift();
  return (digits[0] ?? 0) > 127 ? [0, ...digits] : digits;
}

function pem(label: string, der: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
