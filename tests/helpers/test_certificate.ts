/**
 * Certificates (X.509 v3, RFC 5280) for servers on this machine, made for one test and kept nowhere: ECDSA over P-256 with
 * SHA-256, written in DER by hand, since neither Deno nor WebCrypto makes certificates.
 *
 * @module
 */
import { toBase64 } from "../../shared/bytes/mod.ts";

/** A certificate and its private key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority of its own, and what it signs. */
export interface TestAuthority {
  /** Its own certificate, PEM: what a client is to trust. */
  readonly cert: string;
  /** A certificate for a server at this IPv4 address, valid between the moments. */
  issue(address: string, validity?: Validity): Promise<TestCertificate>;
}

interface Validity {
  readonly from?: Date;
  readonly to?: Date;
}

const [SEQUENCE, SET, INTEGER, BITS, OCTETS, OID, UTF8, UTC_TIME] = [0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x17];
const ECDSA_SHA256 = der(SEQUENCE, der(OID, bytes(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)));
const KEY_USE = { name: "ECDSA", namedCurve: "P-256" } as const;
const DAY_MS = 86_400_000;

/** Makes an authority. */
export async function createAuthority(name = "Test authority"): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(KEY_USE, true, ["sign", "verify"]);
  const isAuthority = extension([0x55, 0x1d, 0x13], der(SEQUENCE, der(0x01, bytes(0xff))));
  return {
    cert: await certify(
      { issuer: name, subject: name, publicKey: keys.publicKey, signer: keys.privateKey },
      isAuthority,
    ),
    async issue(address, validity = {}) {
      const own = await crypto.subtle.generateKey(KEY_USE, true, ["sign", "verify"]);
      // subjectAltName: an IP address, as context tag 7.
      const names = extension([0x55, 0x1d, 0x11], der(SEQUENCE, der(0x87, bytes(...address.split(".").map(Number)))));
      const about = { issuer: name, subject: address, publicKey: own.publicKey, signer: keys.privateKey, ...validity };
      const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", own.privateKey));
      return { cert: await certify(about, names), key: pem("PRIVATE KEY", key) };
    },
  };
}

interface Statement extends Validity {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: CryptoKey;
  readonly signer: CryptoKey;
}

async function certify(statement: Statement, ...extensions: Uint8Array[]): Promise<string> {
  const { issuer, subject, publicKey, signer, from = new Date(Date.now() - DAY_MS) } = statement;
  const { to = new Date(Date.now() + DAY_MS) } = statement;
  const serial = crypto.getRandomValues(new Uint8Array(8));
  serial[0] = (serial[0]! & 0x7f) | 0x01;
  const content = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, bytes(2))),
    der(INTEGER, serial),
    ECDSA_SHA256,
    nameOf(issuer),
    der(SEQUENCE, timeOf(from), timeOf(to)),
    nameOf(subject),
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(0xa3, der(SEQUENCE, ...extensions)),
  );
  const pair = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer, content));
  const signature = der(SEQUENCE, positive(pair.subarray(0, 32)), positive(pair.subarray(32)));
  return pem("CERTIFICATE", der(SEQUENCE, content, ECDSA_SHA256, der(BITS, bytes(0), signature)));
}

function extension(id: number[], value: Uint8Array): Uint8Array {
  return der(SEQUENCE, der(OID, bytes(...id)), der(OCTETS, value));
}

function nameOf(text: string): Uint8Array {
  const commonName = der(OID, bytes(0x55, 0x04, 0x03));
  return der(SEQUENCE, der(SET, der(SEQUENCE, commonName, der(UTF8, new TextEncoder().encode(text)))));
}

function timeOf(moment: Date): Uint8Array {
  const digits = moment.toISOString().replaceAll(/[-:T]|\.\d+/g, "").slice(2);
  return der(UTC_TIME, new TextEncoder().encode(digits));
}

/** A whole number without a sign: no leading zeros but one before a first bit that is set. */
function positive(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const rest = value.subarray(start);
  return der(INTEGER, ...(rest[0]! >= 0x80 ? [bytes(0), rest] : [rest]));
}

/** Tag, length, content. */
function der(tag: number, ...parts: Uint8Array[]) {
  const content = concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concat([bytes(tag, ...size), content]);
}

function concat(parts: readonly Uint8Array[]) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function pem(label: string, content: Uint8Array): string {
  const lines = toBase64(content).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
