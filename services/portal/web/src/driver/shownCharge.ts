import { create } from "@bufbuild/protobuf";
import { createSignal, onCleanup } from "solid-js";
import { ChargeSchema, type Charge } from "../gen/evcharging/portal/v1/driver_pb";
import { PowerPointSchema, type PowerPoint, type Reading } from "../gen/evcharging/portal/v1/live_pb";
import type { Session } from "../gen/evcharging/types/v1/types_pb";
import { toast } from "../shared/Dialog";
import { chargeOf, isGivenBack, isOpen, mergePower } from "./charges";
import {
  findTicket,
  forgetLastOpen,
  isDismissed,
  lastOpen,
  onDismissedElsewhere,
  rememberDismissed,
  rememberOpen,
} from "./remembered";
import { storeText } from "./textStore";

/** The charge that the page shows, from what the stream, the answers and other tabs tell of it. */
export function createShownCharge(driverId: string, onOther: () => void) {
  const [charge, setCharge] = createSignal<Charge>();
  const [reading, setReading] = createSignal<Reading>();
  const [power, setPower] = createSignal<PowerPoint[]>([]);

  let isGone = false;
  const stopHearing = onDismissedElsewhere(() => {
    const shown = charge()?.session;
    if (shown && !isOpen(shown) && isDismissed(shown.sessionId)) {
      putAway(shown.sessionId);
    }
  });
  onCleanup(() => {
    isGone = true;
    stopHearing();
  });

  const takeCharge = (told: Charge) => {
    const known = charge();
    if (!told.session) {
      return;
    }
    if (!isOpen(told.session) && isDismissed(told.session.sessionId)) {
      // Put away by another tab, perhaps while this one slept.
      forgetLastOpen(told.session.sessionId);
      if (known?.session?.sessionId === told.session.sessionId) {
        putAway(told.session.sessionId);
      }
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
        toast(storeText().givenBack(session.cpId));
      }
      return;
    }
    if (!isSame) {
      setReading(undefined);
      onOther();
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
    // Another tab that saw the end has forgotten the charge that this one still shows.
    const last = shown ?? lastOpen(driverId);
    if ((shown && !isOpen(shown)) || !last) {
      return;
    }
    try {
      const ticket = await findTicket(last.sessionId);
      if (isGone) {
        return;
      }
      const now = charge()?.session;
      const isKnown = now?.sessionId === last.sessionId;
      if (now && !(isKnown && isOpen(now))) {
        return;
      }
      if (ticket) {
        takeCharge(chargeOf(ticket, isKnown ? charge() : undefined));
      } else {
        const isNews = !isDismissed(last.sessionId);
        putAway(last.sessionId);
        if (isNews) {
          toast(storeText().endedWithoutTicket(last.cpId));
        }
      }
    } catch {
      // The stream says so again when it is back, and then this is asked again.
    }
  };

  const putAway = (sessionId: string) => {
    rememberDismissed(sessionId);
    forgetLastOpen(sessionId);
    setCharge(undefined);
  };

  return {
    charge,
    reading,
    power,
    takeCharge,
    takeReading,
    takeNoCharge,
    /** The driver has seen the end of the charge. */
    dismiss: () => {
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
