import type { Hour } from "../gen/evcharging/types/v1/types_pb";

export const HOUR_MS = 3_600_000;

/** What ended in one hour. */
export interface HourSum {
  readonly fromMs: number;
  readonly tickets: number;
  readonly energyMwh: number;
  readonly costMicros: number;
}

export const startOfHour = (ms: number): number => Math.floor(ms / HOUR_MS) * HOUR_MS;

/** The last `count` hours, also those in which nothing ended. */
export function fillHours(hours: readonly Hour[], count: number, nowMs: number): HourSum[] {
  const known = new Map(hours.map((hour) => [startOfHour(Number(hour.fromMs)), hour]));
  const lastMs = startOfHour(nowMs);
  return Array.from({ length: count }, (_, place) => {
    const fromMs = lastMs - (count - 1 - place) * HOUR_MS;
    const hour = known.get(fromMs);
    return {
      fromMs,
      tickets: Number(hour?.tickets ?? 0n),
      energyMwh: Number(hour?.energyMwh ?? 0n),
      costMicros: Number(hour?.costMicros ?? 0n),
    };
  });
}
