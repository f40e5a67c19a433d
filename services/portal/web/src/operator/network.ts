import { batch, createMemo, createSignal, onCleanup, untrack, type Accessor } from "solid-js";
import type { WatchNetworkResponse } from "../gen/evcharging/portal/v1/operator_pb";
import type { Messaging, PowerPoint, Reading } from "../gen/evcharging/portal/v1/live_pb";
import type { AuditEvent, ChargePoint, ChargePointStatus } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { watchForever } from "../shared/watch";
import { createServerClock } from "./serverClock";
import { MAX_KEPT, mergeEvents } from "./events";
import { compareIds } from "./order";

const HOUR_MS = 3_600_000n;
const FIRST_EVENTS = 200;
const ASK_AGAIN_MS = 3000;

/** One charge point, whose two accessors change on their own, so that a reading touches nothing but what shows it. */
export interface LiveChargePoint {
  readonly cpId: string;
  readonly facts: Accessor<ChargePoint>;
  /** The newest reading of the session that holds it now. */
  readonly reading: Accessor<Reading | undefined>;
}

interface Entry extends LiveChargePoint {
  readonly setFacts: (facts: ChargePoint) => void;
  readonly setReading: (reading: Reading) => void;
}

function createEntry(first: ChargePoint): Entry {
  const [facts, setFacts] = createSignal(first);
  const [lastReading, setLastReading] = createSignal<Reading>();
  const reading = () => {
    const last = lastReading();
    return last !== undefined && last.sessionId === facts().sessionId ? last : undefined;
  };
  return {
    cpId: first.cpId,
    facts,
    reading,
    setFacts: (next) => setFacts(() => next),
    setReading: (next) => setLastReading(() => next),
  };
}

/** The whole network as the stream tells it. */
export function createNetwork(onSignedOut: () => void) {
  const entries = new Map<string, Entry>();
  const [chargePoints, setChargePoints] = createSignal<readonly LiveChargePoint[]>([]);
  const [factsVersion, setFactsVersion] = createSignal(0);
  const [power, setPower] = createSignal<readonly PowerPoint[]>([]);
  const [events, setEvents] = createSignal<readonly AuditEvent[]>([]);
  const [messaging, setMessaging] = createSignal<Messaging>();
  const [isLoaded, setIsLoaded] = createSignal(false);
  const [catchUps, setCatchUps] = createSignal(0);
  const [openedAtMs, setOpenedAtMs] = createSignal<number>();
  const clock = createServerClock();
  let beginnings = 0;
  let isGone = false;

  function applyFacts(changed: readonly ChargePoint[], isComplete: boolean): void {
    let isSameSet = true;
    for (const facts of changed) {
      const entry = entries.get(facts.cpId);
      if (entry === undefined) {
        entries.set(facts.cpId, createEntry(facts));
        isSameSet = false;
      } else if (isComplete || facts.version >= untrack(entry.facts).version) {
        entry.setFacts(facts);
      }
    }
    if (isComplete && entries.size > changed.length) {
      const present = new Set(changed.map((facts) => facts.cpId));
      for (const cpId of [...entries.keys()].filter((cpId) => !present.has(cpId))) entries.delete(cpId);
      isSameSet = false;
    }
    if (!isSameSet) {
      setChargePoints([...entries.values()].sort((one, other) => compareIds(one.cpId, other.cpId)));
    }
    if (changed.length > 0 || isComplete) setFactsVersion((version) => version + 1);
  }

  /** Keeps an hour. What is told again after a break replaces what was held of that time. */
  function applyPower(arrived: readonly PowerPoint[]): void {
    const first = arrived[0];
    const last = arrived.at(-1);
    if (first === undefined || last === undefined) return;
    const oldestMs = last.atMs - HOUR_MS;
    setPower((held) => [
      ...held.filter((point) => point.atMs >= oldestMs && point.atMs < first.atMs),
      ...arrived,
    ]);
  }

  /**
   * What happened before the stream, or while there was none; what is live joins it. After a break as many are asked for as are
   * kept, so that no hole can stay between those of before and those of now.
   */
  async function fetchEvents(beginning: number): Promise<void> {
    try {
      const answer = await operatorClient.listEvents({
        pageSize: untrack(catchUps) > 0 ? MAX_KEPT : FIRST_EVENTS,
      });
      batch(() => {
        setEvents((held) => mergeEvents(held, answer.events));
        setCatchUps((count) => count + 1);
      });
    } catch {
      // A stream that begins meanwhile asks by itself.
      setTimeout(() => {
        if (!isGone && beginning === beginnings) void fetchEvents(beginning);
      }, ASK_AGAIN_MS);
    }
  }

  function apply(message: WatchNetworkResponse): void {
    batch(() => {
      const isComplete = message.chargePointsComplete;
      applyFacts(message.chargePoints, isComplete);
      for (const reading of message.readings) entries.get(reading.cpId)?.setReading(reading);
      if (message.events.length > 0) setEvents((held) => mergeEvents(held, message.events));
      applyPower(message.power);
      if (message.messaging !== undefined) setMessaging(message.messaging);
      if (message.sentAtMs > 0n) {
        clock.set(Number(message.sentAtMs));
        setOpenedAtMs((first) => first ?? Number(message.sentAtMs));
      }
      if (isComplete) {
        setIsLoaded(true);
        beginnings += 1;
        void fetchEvents(beginnings);
      }
    });
  }

  const stream = watchForever((signal) => operatorClient.watchNetwork({}, { signal }), apply, {
    onSignedOut,
  });
  onCleanup(() => {
    isGone = true;
    stream.stop();
  });

  const counts = createMemo(() => {
    factsVersion();
    const counted = new Map<ChargePointStatus, number>();
    for (const facts of allFacts(chargePoints())) {
      counted.set(facts.status, (counted.get(facts.status) ?? 0) + 1);
    }
    return counted;
  });

  return {
    /** Every charge point, by id. */
    chargePoints,
    /** Grows whenever a fact of any charge point changes: cheaper to depend on than thousands of facts. */
    factsVersion,
    counts,
    power,
    powerNow: createMemo(() => power().at(-1)?.powerW),
    /** The newest first. */
    events,
    messaging,
    isLoaded,
    /** Grows whenever `events` is whole again after the stream began: what was told while there was none is there now. */
    catchUps,
    isConnected: stream.connected,
    /** When the page began to listen, by the server's clock. */
    openedAtMs,
    /** The server's clock, each second. */
    now: clock.now,
    find(cpId: string): LiveChargePoint | undefined {
      chargePoints();
      return entries.get(cpId);
    },
    /** What a command answered, so that it shows at once. */
    learn(facts: ChargePoint | undefined): void {
      if (facts !== undefined) batch(() => applyFacts([facts], false));
    },
  };
}

export type Network = ReturnType<typeof createNetwork>;

/** What is true of each now, without depending on each. */
export function allFacts(chargePoints: readonly LiveChargePoint[]): ChargePoint[] {
  return untrack(() => chargePoints.map((chargePoint) => chargePoint.facts()));
}
