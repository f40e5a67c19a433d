import { create } from "@bufbuild/protobuf";
import { batch, createSignal, onCleanup } from "solid-js";
import {
  ChargeSchema,
  NoticeKind,
  type Charge,
  type Notice,
  type WatchResponse,
} from "../gen/evcharging/portal/v1/driver_pb";
import {
  PowerPointSchema,
  type Messaging,
  type PowerPoint,
  type Reading,
} from "../gen/evcharging/portal/v1/live_pb";
import type { ChargePoint, Driver, Session } from "../gen/evcharging/types/v1/types_pb";
import { driverClient } from "../shared/api";
import { createClock } from "../shared/clock";
import { toast } from "../shared/Dialog";
import { defineText } from "../shared/text";
import { watchForever } from "../shared/watch";
import { chargeOf, isGivenBack, isOpen, mergePower } from "./charges";
import {
  findTicket,
  forgetLastOpen,
  isDismissed,
  lastOpen,
  rememberDismissed,
  rememberOpen,
} from "./remembered";

// Messages take now longer, now shorter; that does not set the clock.
const CLOCK_SLACK_MS = 250;

const text = defineText({
  en: {
    well: (cpId: string) => `${cpId} is well again.`,
    error: (cpId: string, message: string) => `Error at ${cpId}: ${message}`,
    reservationRanOut: (cpId: string) => `Your reservation at ${cpId} ran out.`,
    givenBack: (cpId: string) => `You gave ${cpId} back.`,
    endedWithoutTicket: (cpId: string) => `What you had at ${cpId} has ended. Nothing was billed.`,
    messagingBack: "Messaging is back.",
  },
  es: {
    well: (cpId: string) => `${cpId} vuelve a funcionar.`,
    error: (cpId: string, message: string) => `Error en ${cpId}: ${message}`,
    reservationRanOut: (cpId: string) => `Tu reserva en ${cpId} caducó.`,
    givenBack: (cpId: string) => `Has devuelto ${cpId}.`,
    endedWithoutTicket: (cpId: string) => `Lo que tenías en ${cpId} ha terminado. No se cobró nada.`,
    messagingBack: "La mensajería ha vuelto.",
  },
});

/** An error at the charge point of the charge that is shown. */
export interface ChargePointError {
  cpId: string;
  message: string;
  isFixed: boolean;
}

export type DriverStore = ReturnType<typeof createDriverStore>;

/** All that the page knows, as one stream tells it. */
export function createDriverStore(driverId: string, onSignedOut: () => void) {
  const [driver, setDriver] = createSignal<Driver>();
  const [charge, setCharge] = createSignal<Charge>();
  const [reading, setReading] = createSignal<Reading>();
  const [power, setPower] = createSignal<PowerPoint[]>([]);
  const [chargePoints, setChargePoints] = createSignal<ReadonlyMap<string, ChargePoint>>();
  const [messaging, setMessaging] = createSignal<Messaging>();
  const [cpError, setCpError] = createSignal<ChargePointError>();
  const [clockOffsetMs, setClockOffsetMs] = createSignal(0);
  const localNow = createClock();

  const takeCharge = (told: Charge) => {
    const known = charge();
    if (!told.session || (!isOpen(told.session) && isDismissed(told.session.sessionId))) {
      return;
    }
    const before = known?.session;
    const isSame = before?.sessionId === told.session.sessionId;
    // The answer to a call may have told more than the stream does yet.
    const isOlder =
      isSame && isOpen(told.session) && (!isOpen(before) || before.version > told.session.version);
    const session = isOlder ? before : told.session;
    if (isGivenBack(session)) {
      putAway(session.sessionId);
      if (isSame) {
        toast(text().givenBack(session.cpId));
      }
      return;
    }
    if (!isSame) {
      setReading(undefined);
      setCpError(undefined);
    }
    setPower((points) => mergePower(told.power, isSame ? points : []));
    setCharge({ ...told, session });
    if (isOpen(session)) {
      rememberOpen({ driverId, sessionId: session.sessionId, cpId: session.cpId });
    }
  };

  const takeReading = (told: Reading) => {
    if (told.sessionId === charge()?.session?.sessionId) {
      setReading(told);
      const point = create(PowerPointSchema, { atMs: told.measuredAtMs, powerW: told.powerW });
      setPower((before) => mergePower(before, [point]));
    }
  };

  /** The server knows of no charge. One that ended while this page was away has left its ticket, if it has one. */
  const takeNoCharge = async () => {
    const shown = charge()?.session;
    const last = lastOpen(driverId);
    if ((shown && !isOpen(shown)) || !last) {
      return;
    }
    try {
      const ticket = await findTicket(last.sessionId);
      const now = charge()?.session;
      const isKnown = now?.sessionId === last.sessionId;
      if (now && !(isKnown && isOpen(now))) {
        return;
      }
      if (ticket) {
        takeCharge(chargeOf(ticket, isKnown ? charge() : undefined));
      } else {
        putAway(last.sessionId);
        toast(text().endedWithoutTicket(last.cpId));
      }
    } catch {
      // The stream says so again when it is back, and then this is asked again.
    }
  };

  const putAway = (sessionId: string) => {
    rememberDismissed(sessionId);
    forgetLastOpen();
    setCharge(undefined);
  };

  const takeNotice = (notice: Notice) => {
    const isHere = charge()?.session?.cpId === notice.cpId;
    switch (notice.kind) {
      case NoticeKind.CP_ERROR: {
        const message = notice.message || notice.errorKind;
        if (isHere) {
          setCpError({ cpId: notice.cpId, message, isFixed: false });
        } else {
          toast(text().error(notice.cpId, message), "danger");
        }
        break;
      }
      case NoticeKind.CP_FIXED:
        setCpError((before) => (before?.cpId === notice.cpId ? { ...before, isFixed: true } : before));
        toast(text().well(notice.cpId), "success");
        break;
      case NoticeKind.RESERVATION_EXPIRED:
        if (!isHere) {
          toast(text().reservationRanOut(notice.cpId));
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
      const offsetMs = Number(message.sentAtMs) - Date.now();
      if (message.sentAtMs > 0n && Math.abs(offsetMs - clockOffsetMs()) > CLOCK_SLACK_MS) {
        setClockOffsetMs(offsetMs);
      }
      if (message.driver) {
        setDriver(message.driver);
      }
      if (message.chargePointsComplete || message.chargePoints.length > 0) {
        takeChargePoints(message.chargePoints, message.chargePointsComplete);
      }
      if (message.charge) {
        takeCharge(message.charge);
      } else if (message.noCharge) {
        void takeNoCharge();
      }
      if (message.reading) {
        takeReading(message.reading);
      }
      if (message.messaging) {
        if (message.messaging.isHeard && messaging()?.isHeard === false) {
          toast(text().messagingBack, "success");
        }
        setMessaging(message.messaging);
      }
      message.notices.forEach(takeNotice);
    });

  const watch = watchForever((signal) => driverClient.watch({}, { signal }), take, { onSignedOut });
  onCleanup(() => watch.stop());

  return {
    driverId,
    driver,
    /** The charge under way, or one that has ended and is not yet put away. */
    charge,
    reading,
    power,
    /** Undefined until the first message. */
    chargePoints,
    messaging,
    cpError,
    connected: watch.connected,
    onSignedOut,
    /** The server's clock, by which deadlines are told. */
    now: () => {
      // The clock only says when to look again: it is slow in a tab that was hidden.
      localNow();
      return Date.now() + clockOffsetMs();
    },
    /** The driver has seen the end of the charge. */
    dismissCharge: () => {
      const sessionId = charge()?.session?.sessionId;
      if (sessionId) {
        putAway(sessionId);
      }
    },
    /** An answer to a call, which may come before the stream tells the same. */
    takeSession: (session: Session | undefined) => {
      const known = charge();
      if (session && (!known || known.session?.sessionId === session.sessionId)) {
        takeCharge(known ? { ...known, session } : create(ChargeSchema, { session }));
      }
    },
  };
}
