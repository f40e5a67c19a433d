import { formatDayTime, formatTime, type Whole } from "../shared/format";

const dayOf = (ms: number): string => new Date(ms).toDateString();

/** A time of today, or a day and its time. */
export function whenText(ms: Whole, nowMs: number): string {
  return dayOf(Number(ms)) === dayOf(nowMs) ? formatTime(ms) : formatDayTime(ms);
}
