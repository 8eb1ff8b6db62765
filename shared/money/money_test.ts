import { assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import { addMoney, chargeStep, minorDigits, type Money, MoneyError, multiplyMoney, writeMoney } from "./mod.ts";

const eur = (amount: number): Money => ({ amount, currency: "eur" });

Deno.test("minorDigits() and chargeStep() follow Stripe's lists, special cases before them", () => {
  for (const code of "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ")) {
    assertEquals([code, minorDigits(code), chargeStep(code)], [code, 0, 1]);
  }
  for (const code of "bhd jod kwd omr tnd".split(" ")) assertEquals([minorDigits(code), chargeStep(code)], [3, 10]);
  for (const code of ["isk", "ugx"]) assertEquals([minorDigits(code), chargeStep(code)], [2, 100]);
  for (const code of ["eur", "usd", "huf", "twd"]) assertEquals([minorDigits(code), chargeStep(code)], [2, 1]);
  for (const wrong of ["EUR", "", "eu", "€", "euro"]) assertThrows(() => minorDigits(wrong), MoneyError);
});

Deno.test("writeMoney() writes all digits of a currency, and no more", () => {
  const written: [number, string, string][] = [
    [1_234, "eur", "12.34"],
    [-5, "eur", "-0.05"],
    [0, "eur", "0.00"],
    [500, "jpy", "500"],
    [5_120, "kwd", "5.120"],
    [500, "isk", "5.00"],
    // What a float would make of it: 9007199254740.9902.
    [900_719_925_474_099, "eur", "9007199254740.99"],
  ];
  for (const [amount, currency, text] of written) assertEquals(writeMoney({ amount, currency }), text);
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
