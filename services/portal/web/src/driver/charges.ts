import { create } from "@bufbuild/protobuf";
import { ChargeSchema, type Charge } from "../gen/evcharging/portal/v1/driver_pb";
import type { PowerPoint, Reading } from "../gen/evcharging/portal/v1/live_pb";
import {
  EndReason,
  SessionSchema,
  SessionState,
  type Driver,
  type Session,
  type Ticket,
} from "../gen/evcharging/types/v1/types_pb";

// An hour of readings, one each second.
const MOST_POWER_POINTS = 3_600;
const MWH_PER_KWH = 1_000_000n;

export function isOpen(session: Session): boolean {
  return (
    session.state === SessionState.RESERVED ||
    session.state === SessionState.STARTING ||
    session.state === SessionState.CHARGING ||
    session.state === SessionState.STOPPING
  );
}

export function isGivenBack(session: Session): boolean {
  return session.state === SessionState.CANCELLED && session.endReason === EndReason.RESERVATION_CANCELLED;
}

/** What is known of a charge while it runs or once it has ended. */
export interface Meter {
  energyMwh: bigint;
  costMicros: bigint;
  powerW: bigint;
}

/** The newest of what the session and its readings say. The end is told by the session alone. */
export function meterOf(session: Session, reading: Reading | undefined): Meter {
  const isNewer =
    isOpen(session) && reading?.sessionId === session.sessionId && reading.energyMwh >= session.energyMwh;
  return isNewer ? reading : session;
}

/** The balance once the charge under way is paid. */
export function balanceAfter(driver: Driver, session: Session | undefined, costMicros: bigint): bigint {
  // The ticket takes the cost off the balance at the same instant at which it closes the driver's session.
  const isUnpaid = session && (isOpen(session) || driver.openSessionId === session.sessionId);
  return isUnpaid ? driver.balanceMicros - costMicros : driver.balanceMicros;
}

/** How long this much energy takes at this power, or undefined when nothing flows. */
export function msToSupply(energyMwh: bigint, powerW: bigint): number | undefined {
  if (powerW <= 0n || energyMwh < 0n) {
    return undefined;
  }
  // 1 W supplies 1,000 mWh in an hour.
  return (Number(energyMwh) / Number(powerW)) * 3_600;
}

export function energyFor(moneyMicros: bigint, priceMicrosPerKwh: bigint): bigint {
  return priceMicrosPerKwh > 0n ? (moneyMicros * MWH_PER_KWH) / priceMicrosPerKwh : 0n;
}

export function costOf(energyMwh: bigint, priceMicrosPerKwh: bigint): bigint {
  return (energyMwh * priceMicrosPerKwh) / MWH_PER_KWH;
}

/** The later points come behind the earlier ones that they do not repeat. */
export function mergePower(told: PowerPoint[], known: PowerPoint[]): PowerPoint[] {
  const lastTold = told.at(-1)?.atMs ?? 0n;
  const later = known.filter((point) => point.atMs > lastTold);
  return [...told, ...later].slice(-MOST_POWER_POINTS);
}

/** A charge that ended while nobody watched, as its ticket tells it; what was known of it before is kept. */
export function chargeOf(ticket: Ticket, known: Charge | undefined): Charge {
  const failed = [EndReason.FAULT, EndReason.LINK_LOST, EndReason.NETWORK_RESTART].includes(ticket.endReason);
  const session: Session = {
    ...(known?.session ?? create(SessionSchema)),
    sessionId: ticket.sessionId,
    driverId: ticket.driverId,
    cpId: ticket.cpId,
    state: failed ? SessionState.INTERRUPTED : SessionState.COMPLETED,
    energyMwh: ticket.energyMwh,
    costMicros: ticket.costMicros,
    currency: ticket.currency,
    startedAtMs: ticket.startedAtMs,
    endedAtMs: ticket.endedAtMs,
    endReason: ticket.endReason,
    traceId: ticket.traceId,
  };
  return { ...(known ?? create(ChargeSchema)), session, ticket };
}
