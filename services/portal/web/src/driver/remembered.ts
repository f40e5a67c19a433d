import type { Ticket } from "../gen/evcharging/types/v1/types_pb";
import { driverClient } from "../shared/api";

const LAST_OPEN_KEY = "evcharging.last-open";
const DISMISSED_KEY = "evcharging.dismissed";
const MOST_DISMISSED = 50;
const LOOKS = 3;
const LOOK_AGAIN_MS = 2_000;

/** A charge that was under way when this browser last looked. */
export interface LastOpen {
  driverId: string;
  sessionId: string;
  cpId: string;
}

export function rememberOpen(charge: LastOpen): void {
  localStorage.setItem(LAST_OPEN_KEY, JSON.stringify(charge));
}

/** Another tab may have begun the next charge already, which stays remembered. */
export function forgetLastOpen(sessionId: string): void {
  if (readJson<LastOpen>(LAST_OPEN_KEY)?.sessionId === sessionId) {
    localStorage.removeItem(LAST_OPEN_KEY);
  }
}

export function lastOpen(driverId: string): LastOpen | undefined {
  const kept = readJson<LastOpen>(LAST_OPEN_KEY);
  return kept?.driverId === driverId ? kept : undefined;
}

/** The ticket of a charge that ended unseen; undefined when it left none. */
export async function findTicket(sessionId: string): Promise<Ticket | undefined> {
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    const { tickets } = await driverClient.listTickets({ pageSize: 20 });
    const ticket = tickets.find((found) => found.sessionId === sessionId);
    if (ticket) {
      return ticket;
    }
  }
  return undefined;
}

/** Ended charges that the driver has put away are not shown again, even after a reload. */
export function rememberDismissed(sessionId: string): void {
  const before = readJson<string[]>(DISMISSED_KEY) ?? [];
  const kept = [...before.filter((dismissed) => dismissed !== sessionId), sessionId];
  localStorage.setItem(DISMISSED_KEY, JSON.stringify(kept.slice(-MOST_DISMISSED)));
}

export function isDismissed(sessionId: string): boolean {
  return readJson<string[]>(DISMISSED_KEY)?.includes(sessionId) ?? false;
}

/** Calls when another tab puts a charge away. Gives back how to stop that. */
export function onDismissedElsewhere(call: () => void): () => void {
  const heard = (event: StorageEvent) => {
    if (event.key === DISMISSED_KEY) {
      call();
    }
  };
  window.addEventListener("storage", heard);
  return () => window.removeEventListener("storage", heard);
}

/** What this page once wrote; undefined when there is nothing or it can't be read. */
export function readJson<Kept>(key: string): Kept | undefined {
  try {
    const kept = localStorage.getItem(key);
    return kept ? (JSON.parse(kept) as Kept) : undefined;
  } catch {
    return undefined;
  }
}
