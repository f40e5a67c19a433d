import { batch, createSignal, onCleanup } from "solid-js";
import {
  NoticeKind,
  type AccountState,
  type Notice,
  type WatchResponse,
} from "../gen/evcharging/portal/v1/driver_pb";
import type { Messaging } from "../gen/evcharging/portal/v1/live_pb";
import type { ChargePoint, Driver } from "../gen/evcharging/types/v1/types_pb";
import { driverClient } from "../shared/api";
import { createClock } from "../shared/clock";
import { toast } from "../shared/Dialog";
import { watchForever } from "../shared/watch";
import { errorOf, type ChargePointError } from "./chargePointError";
import { createShownCharge } from "./shownCharge";
import { storeText } from "./textStore";

// Messages take now longer, now shorter; that does not set the clock.
const CLOCK_SLACK_MS = 250;

export type DriverStore = ReturnType<typeof createDriverStore>;

/** All that the page knows, as one stream tells it. */
export function createDriverStore(driverId: string, onSignedOut: () => void) {
  const [driver, setDriver] = createSignal<Driver>();
  const [chargePoints, setChargePoints] = createSignal<ReadonlyMap<string, ChargePoint>>();
  const [messaging, setMessaging] = createSignal<Messaging>();
  const [cpError, setCpError] = createSignal<ChargePointError>();
  const [accountState, setAccountState] = createSignal<AccountState>();
  const [isChargeTold, setIsChargeTold] = createSignal(false);
  const [clockOffsetMs, setClockOffsetMs] = createSignal(0);
  const localNow = createClock();
  const shown = createShownCharge(driverId, () => setCpError(undefined));
  const { charge } = shown;

  const takeNotice = (notice: Notice) => {
    const isHere = charge()?.session?.cpId === notice.cpId;
    switch (notice.kind) {
      case NoticeKind.CP_ERROR: {
        const message = notice.message || notice.errorKind;
        if (isHere) {
          setCpError({ cpId: notice.cpId, message, isFixed: false });
        } else {
          toast(storeText().error(notice.cpId, message), "danger");
        }
        break;
      }
      case NoticeKind.CP_FIXED:
        setCpError((before) => (before?.cpId === notice.cpId ? { ...before, isFixed: true } : before));
        toast(storeText().well(notice.cpId), "success");
        break;
      case NoticeKind.RESERVATION_EXPIRED:
        if (!isHere) {
          toast(storeText().reservationRanOut(notice.cpId));
        }
        break;
    }
  };

  const takeChargePoints = (told: ChargePoint[], isComplete: boolean) => {
    setChargePoints((before = new Map()) => {
      const next = new Map(isComplete ? [] : before);
      for (const chargePoint of told) {
        const known = before.get(chargePoint.cpId);
        // What did not change stays the same object, so that its row is not drawn again.
        const isNews = !known || known.version < chargePoint.version;
        next.set(chargePoint.cpId, isNews ? chargePoint : known);
      }
      return next;
    });
  };

  const take = (message: WatchResponse) =>
    batch(() => {
      // The cookie became another driver's, whose account this page must not show.
      if (message.driver && message.driver.driverId !== driverId) {
        onSignedOut();
        return;
      }
      const offsetMs = Number(message.sentAtMs) - Date.now();
      if (message.sentAtMs > 0n && Math.abs(offsetMs - clockOffsetMs()) > CLOCK_SLACK_MS) {
        setClockOffsetMs(offsetMs);
      }
      if (message.driver) {
        setDriver(message.driver);
      }
      if (message.accountState) {
        setAccountState(message.accountState);
      }
      if (message.chargePointsComplete || message.chargePoints.length > 0) {
        takeChargePoints(message.chargePoints, message.chargePointsComplete);
      }
      if (message.charge || message.noCharge) {
        setIsChargeTold(true);
      }
      if (message.charge) {
        shown.takeCharge(message.charge);
      } else if (message.noCharge) {
        void shown.takeNoCharge();
      }
      if (message.reading) {
        shown.takeReading(message.reading);
      }
      if (message.messaging) {
        if (message.messaging.isHeard && messaging()?.isHeard === false) {
          toast(storeText().messagingBack, "success");
        }
        setMessaging(message.messaging);
      }
      message.notices.forEach(takeNotice);
    });

  const open = (signal: AbortSignal) => {
    // A new stream tells only of an account that is away.
    setAccountState(undefined);
    return driverClient.watch({}, { signal });
  };
  const watch = watchForever(open, take, { onSignedOut });
  onCleanup(() => watch.stop());

  /** What was told of the error, or else what its charge point shows. */
  const shownError = (): ChargePointError | undefined => {
    const session = charge()?.session;
    const chargePoint = session && chargePoints()?.get(session.cpId);
    return cpError() ?? (session && chargePoint ? errorOf(session, chargePoint) : undefined);
  };

  return {
    driverId,
    driver,
    /** The charge under way, or one that has ended and is not yet put away. */
    charge,
    reading: shown.reading,
    power: shown.power,
    /** Undefined until the first message. */
    chargePoints,
    messaging,
    cpError: shownError,
    /** Whether the account and the charge are as they are now; undefined while that goes without saying. */
    accountState,
    /** Whether the driver and what it charges, if anything, are known. */
    isReady: () => driver() !== undefined && isChargeTold(),
    connected: watch.connected,
    refusal: watch.refusal,
    onSignedOut,
    /** The server's clock, by which deadlines are told. */
    now: () => {
      // The clock only says when to look again: it is slow in a tab that was hidden.
      localNow();
      return Date.now() + clockOffsetMs();
    },
    dismissCharge: shown.dismiss,
    takeSession: shown.takeSession,
  };
}
