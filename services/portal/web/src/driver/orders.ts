import { createSignal, onCleanup } from "solid-js";
import { SessionState, type Session } from "../gen/evcharging/types/v1/types_pb";
import { driverClient, explain, isSignedOut } from "../shared/api";
import { toast } from "../shared/Dialog";
import { keepAsking } from "./keepAsking";
import type { DriverStore } from "./store";

/** What the driver has asked for the charge under way and nobody has answered yet. */
export interface Order {
  kind: "start" | "stop";
  sessionId: string;
  isTroubled: boolean;
}

export type ChargeOrders = ReturnType<typeof createOrders>;

/** Starts and stops the charge under way. One press is enough: it is sent until it is answered. */
export function createOrders(store: DriverStore) {
  const [order, setOrder] = createSignal<Order>();

  // An order must not outlive the page: whoever signs in next has not given it.
  let isGone = false;
  onCleanup(() => (isGone = true));

  const isStillWanted = (wanted: Order) => {
    if (isGone) {
      return false;
    }
    const session = store.charge()?.session;
    const now = order();
    if (session?.sessionId !== wanted.sessionId || now?.kind !== wanted.kind) {
      return false;
    }
    return wanted.kind === "start"
      ? session.state === SessionState.RESERVED
      : session.state === SessionState.RESERVED ||
          session.state === SessionState.STARTING ||
          session.state === SessionState.CHARGING;
  };

  const give = async (kind: Order["kind"], session: Session) => {
    const wanted: Order = { kind, sessionId: session.sessionId, isTroubled: false };
    const which = { cpId: session.cpId, requestId: session.requestId };
    setOrder(wanted);
    try {
      const answer = await keepAsking(
        async (): Promise<{ session?: Session }> =>
          kind === "start" ? driverClient.startCharging(which) : driverClient.stopCharging(which),
        () => isStillWanted(wanted),
        () => isStillWanted(wanted) && setOrder({ ...wanted, isTroubled: true }),
      );
      if (!isGone) {
        store.takeSession(answer?.session);
      }
    } catch (error) {
      if (isGone) {
        return;
      }
      if (isSignedOut(error)) {
        isGone = true;
        store.onSignedOut();
      } else {
        toast(explain(error), "danger");
      }
    }
    // A stop that was pressed meanwhile is not this order's to end.
    if (order()?.kind === kind) {
      setOrder(undefined);
    }
  };

  return {
    order,
    start: (session: Session) => void give("start", session),
    stop: (session: Session) => void give("stop", session),
  };
}
