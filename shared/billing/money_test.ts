import { assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import {
  addMoney,
  chargeStep,
  checkRefund,
  minorDigits,
  type Money,
  MoneyError,
  multiplyMoney,
  parseMoney,
  prorate,
  prorateChange,
  refundable,
  roundToCharge,
  splitMoney,
  writeMoney,
} from "./money.ts";

const eur = (amount: number): Money => ({ amount, currency: "eur" });
const amounts = (parts: readonly Money[]) => parts.map(({ amount }) => amount);

Deno.test("minorDigits() and chargeStep() follow Stripe's lists, special cases before them", () => {
  for (const code of "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ")) {
    assertEquals([code, minorDigits(code), chargeStep(code)], [code, 0, 1]);
  }
  for (const code of "bhd jod kwd omr tnd".split(" ")) assertEquals([minorDigits(code), chargeStep(code)], [3, 10]);
  for (const code of ["isk", "ugx"]) assertEquals([minorDigits(code), chargeStep(code)], [2, 100]);
  for (const code of ["eur", "usd", "huf", "twd"]) assertEquals([minorDigits(code), chargeStep(code)], [2, 1]);
  for (const wrong of ["EUR", "", "eu", "€", "euro"]) assertThrows(() => minorDigits(wrong), MoneyError);
});

Deno.test("parseMoney() reads what writeMoney() writes, digit by digit", () => {
  const written: [string, string, number][] = [
    ["12.34", "eur", 1_234],
    ["-0.05", "eur", -5],
    ["0.00", "eur", 0],
    ["500", "jpy", 500],
    ["5.120", "kwd", 5_120],
    ["5.00", "isk", 500],
    ["9007199254740.99", "eur", 900_719_925_474_099],
  ];
  for (const [text, currency, amount] of written) {
    assertEquals(parseMoney(text, currency), { amount, currency });
    assertEquals(writeMoney({ amount, currency }), text);
  }
  assertEquals(parseMoney(" 7 ", "eur"), eur(700));
  // What a float would make of it: 1.15 × 100 = 114.99999999999999.
  assertEquals(parseMoney("1.15", "eur").amount, 115);
  for (const wrong of ["", "1,5", "1.234", "1e3", "0x10", "NaN", "--1", "1.", ".5", "Infinity"]) {
    assertThrows(() => parseMoney(wrong, "eur"), MoneyError);
  }
  assertThrows(() => parseMoney("1.5", "jpy"), MoneyError);
});

Deno.test("addMoney() refuses other currencies and sums beyond what is exact", () => {
  assertEquals(addMoney(eur(1), eur(-3), eur(5)), eur(3));
  assertEquals(multiplyMoney(eur(-900), 3), eur(-2_700));
  assertThrows(() => addMoney(eur(1), { amount: 1, currency: "usd" }), MoneyError);
  assertThrows(() => addMoney(eur(Number.MAX_SAFE_INTEGER), eur(1)), MoneyError);
  assertThrows(() => multiplyMoney(eur(Number.MAX_SAFE_INTEGER), 2), MoneyError);
  assertThrows(() => addMoney(eur(0.5), eur(0.5)), MoneyError);
  assertThrows(() => addMoney(eur(NaN)), MoneyError);
});

Deno.test("splitMoney() loses and makes nothing, whatever the weights", () => {
  assertEquals(amounts(splitMoney(eur(100), [1, 1, 1])), [34, 33, 33]);
  assertEquals(amounts(splitMoney(eur(-100), [1, 1, 1])), [-34, -33, -33]);
  assertEquals(amounts(splitMoney(eur(5), [0, 3, 7])), [0, 2, 3]);
  assertEquals(amounts(splitMoney(eur(0), [1, 2])), [0, 0]);
  assertEquals(amounts(splitMoney({ amount: 1_000, currency: "isk" }, [1, 1, 1])), [400, 300, 300]);
  assertEquals(amounts(splitMoney({ amount: 100, currency: "kwd" }, [1, 2])), [30, 70]);
  assertThrows(() => splitMoney(eur(1), []), MoneyError);
  assertThrows(() => splitMoney(eur(1), [0, 0]), MoneyError);
  assertThrows(() => splitMoney(eur(1), [1, -1]), MoneyError);
  let seed = 42;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let round = 0; round < 2_000; round++) {
    const amount = random(10_000_000) - 5_000_000;
    const weights = Array.from({ length: 1 + random(9) }, () => random(1_000));
    weights[0]! += 1;
    const parts = splitMoney(eur(amount), weights);
    assertEquals(parts.reduce((sum, part) => sum + part.amount, 0), amount);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, part] of parts.entries()) {
      const exact = amount * weights[index]! / total;
      assertEquals(Math.abs(part.amount - exact) < 1, true, `${part.amount} for ${exact}`);
    }
  }
});

const MONTH = { start: Date.UTC(2026, 1, 1) / 1000, end: Date.UTC(2026, 2, 1) / 1000 };

Deno.test("prorate() counts seconds, to the last one of a period", () => {
  const seconds = MONTH.end - MONTH.start;
  assertEquals(prorate(eur(2_900), MONTH, MONTH.start), eur(2_900));
  assertEquals(prorate(eur(2_900), MONTH, MONTH.start - 1), eur(2_900));
  assertEquals(prorate(eur(2_900), MONTH, MONTH.end), eur(0));
  assertEquals(prorate(eur(2_900), MONTH, MONTH.end + 999), eur(0));
  assertEquals(prorate(eur(2_900), MONTH, MONTH.end - seconds / 4), eur(725));
  // In the last minute 29 € are worth nothing any more, 20,000 € still 50 cents.
  assertEquals(prorate(eur(2_900), MONTH, MONTH.end - 60), eur(0));
  assertEquals(prorate(eur(2_000_000), MONTH, MONTH.end - 60), eur(50));
  // Halves go away from zero, on both sides.
  assertEquals(prorate(eur(5), { start: 0, end: 10 }, 5), eur(3));
  assertEquals(prorate(eur(-5), { start: 0, end: 10 }, 5), eur(-3));
  assertEquals(prorate({ amount: 999_999_999_999, currency: "jpy" }, { start: 0, end: 3 }, 1).amount, 666_666_666_666);
  assertThrows(() => prorate(eur(1), { start: 5, end: 5 }, 5), MoneyError);
});

Deno.test("prorateChange() credits what was paid and charges what is new, from nothing to all of it", () => {
  const at = MONTH.start + (MONTH.end - MONTH.start) * 0.75;
  assertEquals(prorateChange(eur(2_900), eur(9_900), MONTH, at), {
    credit: eur(-725),
    charge: eur(2_475),
    net: eur(1_750),
  });
  assertEquals(prorateChange(eur(2_900), eur(9_900), MONTH, MONTH.end - 1).net, eur(0));
  assertEquals(prorateChange(eur(9_900), eur(2_900), MONTH, at).net, eur(-1_750));
  assertThrows(() => prorateChange(eur(1), { amount: 1, currency: "usd" }, MONTH, at), MoneyError);
  for (let step = 0; step <= 400; step++) {
    const { credit, charge, net } = prorateChange(eur(2_900), eur(9_900), MONTH, MONTH.start + step * 6_048);
    assertEquals(credit.amount + charge.amount, net.amount);
    assertEquals(net.amount >= 0 && net.amount <= 7_000, true);
  }
});

Deno.test("a refund is never more than what is left", () => {
  assertEquals(refundable(eur(2_900), eur(1_000)), eur(1_900));
  assertEquals(refundable(eur(2_900), eur(2_901)), eur(0));
  assertEquals(checkRefund(eur(1_900), eur(2_900), eur(1_000)), eur(1_900));
  for (const wrong of [eur(1_901), eur(0), eur(-5), { amount: 5, currency: "usd" }]) {
    assertThrows(() => checkRefund(wrong, eur(2_900), eur(1_000)), MoneyError);
  }
  const isk = (amount: number) => ({ amount, currency: "isk" });
  assertThrows(() => checkRefund(isk(150), isk(1_050), isk(0)), MoneyError, "steps");
  assertEquals(checkRefund(isk(1_050), isk(1_050), isk(0)), isk(1_050));
});

Deno.test("roundToCharge() rounds to what can be charged, away from zero in the middle", () => {
  const rounded = (amount: number, currency: string) => roundToCharge({ amount, currency }).amount;
  assertEquals([rounded(5_124, "kwd"), rounded(5_125, "kwd"), rounded(-5_125, "kwd")], [5_120, 5_130, -5_130]);
  assertEquals([rounded(149, "isk"), rounded(150, "ugx"), rounded(151, "eur")], [100, 200, 151]);
});
