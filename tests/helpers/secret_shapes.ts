/**
 * Secrets of many shapes, for tests. They belong to nobody.
 *
 * @module
 */

/** Shape → value. */
export const SHAPES: Readonly<Record<string, string>> = {
  short: "q7Zk",
  word: "tr0mbone-Ladder",
  long: Array.from({ length: 400 }, (_, index) => `${(index * 7919 + 13).toString(36)}.`).join(""),
  digits: "8301947265",
  hexadecimal: "9f86d081884c7d659a2feaa0c55ad015",
  base64: "c2VjcmV0LWJ1dC1ub3QtcmVhbGx5+/8=",
  base64url: "T3ZlcnRoZXNl-_YWRvYmVz",
  unicode: "пароль-sécret-パス-🔑",
  json: '{"user":"robot","password":"correct horse battery","port":5432}',
  pem:
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAbcdefghijklmnopqrstuvwxyz0123456789ABCDEF\nQm9ndXMgbGluZSBvZiBhIGtleSB0aGF0IGlzIG5vbmU=\n-----END PRIVATE KEY-----\n",
  url: "postgres://robot:p%40ss%2Fw0rd@db.internal.test:5432/app?sslmode=require",
  quotes: `it's "quoted" \\ and \\"escaped\\"`,
  newlines: "first line of it\r\nsecond line of it\nthird\tline",
  spaces: "  spaced out at both ends  ",
  percent: "100%25 sure & a=b?c#d",
  html: "<b>bold</b>&amp;'quoted'",
  expression: "{{ trigger.body }} \\{{ $& $1 }}",
  prefix: "overlapping-secret",
  extension: "overlapping-secret-and-more",
  middle: "lapping-sec",
  pattern: "^(a+)+$.*[x](?=y)\\d",
  token: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyb2JvdCJ9.c2lnbmF0dXJlLW9mLW5vYm9keQ",
};
