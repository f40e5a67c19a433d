import { driverClient } from "../shared/api";
import { readJson } from "./remembered";

const STORAGE_KEY = "evcharging.request";

/** A request as it is kept until it is answered: a reload goes on with it, under the same id. */
export interface KeptRequest {
  requestId: string;
  driverId: string;
  /** Empty for any. */
  cpId: string;
  /** A bigint in digits; empty for no limit. */
  limitMwh: string;
  startsAtOnce: boolean;
  expiresAtMs: number;
  /** Once it is answered and the start is still to be asked. */
  reserved?: Reserved;
}

export interface Reserved {
  cpId: string;
  untilMs: number;
}

export function keep(request: KeptRequest): void {
  localStorage.setItem(STORAGE_KEY, JSON.stringify(request));
}

/** Only this request: the one slot may hold another tab's by now. */
export function forget(requestId: string): void {
  if (readJson<KeptRequest>(STORAGE_KEY)?.requestId === requestId) {
    localStorage.removeItem(STORAGE_KEY);
  }
}

export function kept(driverId: string): KeptRequest | undefined {
  const request = readJson<KeptRequest>(STORAGE_KEY);
  return request?.driverId === driverId ? request : undefined;
}

/** Asks for it; asked again, the network gives the same answer. */
export function reserve(request: KeptRequest) {
  return driverClient.reserve({
    requestId: request.requestId,
    cpId: request.cpId,
    ...(request.limitMwh ? { energyLimitMwh: BigInt(request.limitMwh) } : {}),
    expiresAtMs: BigInt(Math.round(request.expiresAtMs)),
  });
}

/** Runs while no other tab sends this request; without locks, or too late to wait, it runs at once. */
export async function alone(requestId: string, mostMs: number, run: () => Promise<void>): Promise<void> {
  // A page that came by plain HTTP has none. The server knows the id, so sending twice does no harm.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) {
    return run();
  }
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return run();
  };
  try {
    const signal = AbortSignal.timeout(Math.max(mostMs, 0));
    await locks.request(`evcharging.request.${requestId}`, { signal }, begin);
  } catch (error) {
    if (hasBegun) {
      throw error;
    }
    await run();
  }
}
