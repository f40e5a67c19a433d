import { formatPower } from "../shared/format";

/** Power of a whole network, which may be megawatts. */
export function powerText(watts: bigint | undefined): string {
  if (watts === undefined) return "–";
  // A thousandth, told as kW, has the digits that the whole has as MW.
  return watts >= 1_000_000n ? formatPower(watts / 1000n, 2).replace("kW", "MW") : formatPower(watts, 1);
}
