const MICROS_PER_CENT = 10_000n;

/** Money as a person writes it (12, 12.5 or 12,50) in micro-units; undefined unless it is more than 0. */
export function readAmount(text: string): bigint | undefined {
  const found = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  if (found === null) return undefined;
  const cents = BigInt(found[1] ?? "0") * 100n + BigInt((found[2] ?? "").padEnd(2, "0"));
  return cents > 0n ? cents * MICROS_PER_CENT : undefined;
}
