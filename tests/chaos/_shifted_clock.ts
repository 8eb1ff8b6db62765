/**
 * Imported first, it moves the clock of this process by `CHAOS_CLOCK_SHIFT_MS` milliseconds: `Date`, not the timers.
 *
 * @module
 */
const shift = Number(Deno.env.get("CHAOS_CLOCK_SHIFT_MS") ?? 0);

if (shift !== 0) {
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, self) =>
      Reflect.construct(target, args.length === 0 ? [RealDate.now() + shift] : args, self),
    apply: () => new RealDate(RealDate.now() + shift).toString(),
    get: (target, key) => key === "now" ? () => RealDate.now() + shift : Reflect.get(target, key),
  });
}
