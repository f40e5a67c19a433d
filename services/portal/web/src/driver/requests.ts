import { createEffect, createSignal, onCleanup } from "solid-js";
import { SessionState } from "../gen/evcharging/types/v1/types_pb";
import { driverClient, explain, isSignedOut } from "../shared/api";
import { toast } from "../shared/Dialog";
import { defineText } from "../shared/text";
import { randomUuid } from "../shared/uuid";
import { keepAsking } from "./keepAsking";
import { alone, forget, keep, kept, reserve, type KeptRequest, type Reserved } from "./keptRequest";
import type { Progress } from "./progress";
import type { DriverStore } from "./store";

const VALID_MS = 60_000;

const text = defineText({
  en: { wentOut: "The network is reachable again: your request went out." },
  es: { wentOut: "La red vuelve a responder: tu petición ha salido." },
});

export type ChargeRequests = ReturnType<typeof createChargeRequests>;

/** Asks for charges: each request goes out once, however often it has to be sent. */
export function createChargeRequests(store: DriverStore) {
  const [progress, setProgress] = createSignal<Progress>();

  let isGone = false;
  onCleanup(() => (isGone = true));

  const isWanted = (request: KeptRequest) => !isGone && kept(store.driverId)?.requestId === request.requestId;

  /** Sends until it is answered or too late, and says when it had trouble to go out. */
  const send = async <Answer>(request: KeptRequest, untilMs: number, call: () => Promise<Answer>) => {
    let isTroubled = false;
    setProgress({ kind: "sending", request, isTroubled });
    const answer = await keepAsking(
      call,
      () => isWanted(request) && store.now() <= untilMs,
      () => {
        isTroubled = true;
        if (isWanted(request)) {
          setProgress({ kind: "sending", request, isTroubled });
        }
      },
    );
    if (answer && isTroubled) {
      toast(text().wentOut, "success");
    }
    return answer;
  };

  /** Another tab ended it, or asked for something else since: this tab has nothing more to say about it. */
  const drop = (request: KeptRequest) => {
    if (!isGone && progress()?.request.requestId === request.requestId) {
      setProgress(undefined);
    }
  };

  const run = (request: KeptRequest) => {
    setProgress({ kind: "sending", request, isTroubled: false });
    const untilMs = request.reserved?.untilMs ?? request.expiresAtMs;
    return alone(request.requestId, untilMs - store.now(), async () => {
      // The tab that had the lock before may have gone a part of the way.
      const now = kept(store.driverId);
      if (isGone || now?.requestId !== request.requestId) {
        drop(request);
        return;
      }
      await sendOn(now);
    });
  };

  const sendOn = async (request: KeptRequest) => {
    try {
      if (request.reserved) {
        await startReserved(request, request.reserved);
        return;
      }
      const answer = await send(request, request.expiresAtMs, () => reserve(request));
      if (!isWanted(request)) {
        drop(request);
      } else if (!answer) {
        end({ kind: "unsent", request });
      } else if (!answer.authorized) {
        end({ kind: "refused", request, reason: answer.reason });
      } else {
        const reserved = { cpId: answer.cpId, untilMs: Number(answer.reservedUntilMs) };
        keep({ ...request, reserved });
        await startReserved(request, reserved);
      }
    } catch (error) {
      if (isGone) {
        return;
      }
      if (isSignedOut(error)) {
        // It stays kept, and goes on when the driver is back in time.
        store.onSignedOut();
      } else {
        end({ kind: "failed", request, message: explain(error) });
      }
    }
  };

  const startReserved = async (request: KeptRequest, reserved: Reserved) => {
    const { cpId, untilMs } = reserved;
    let last: Progress = { kind: "granted", request, cpId, untilMs };
    try {
      if (request.startsAtOnce) {
        const start = () => driverClient.startCharging({ cpId, requestId: request.requestId });
        const answer = await send(request, untilMs, start);
        if (answer && !isGone) {
          store.takeSession(answer.session);
        } else {
          last = { kind: "notStarted", request, cpId };
        }
      }
    } catch (error) {
      if (isGone || isSignedOut(error)) {
        throw error;
      }
      // The reservation stands, and the page shows it with its own button to start.
      toast(explain(error), "danger");
    }
    if (isWanted(request)) {
      end(last);
    } else {
      drop(request);
    }
  };

  const end = (last: Progress) => {
    forget(last.request.requestId);
    setProgress(last);
  };

  // What the driver has already must be known before anything new is asked for.
  const isBusy = () => !store.isReady() || progress()?.kind === "sending" || progress()?.kind === "granted";

  const ask = (cpId: string, limitMwh: bigint | undefined, startsAtOnce: boolean) => {
    if (isBusy()) {
      return;
    }
    const request: KeptRequest = {
      requestId: randomUuid(),
      driverId: store.driverId,
      cpId,
      limitMwh: limitMwh?.toString() ?? "",
      startsAtOnce,
      expiresAtMs: store.now() + VALID_MS,
    };
    keep(request);
    void run(request);
  };

  // The charge itself takes over from the request that brought it.
  createEffect(() => {
    const now = progress();
    if (!now || now.kind === "sending") {
      return;
    }
    const session = store.charge()?.session;
    const isShown =
      now.kind === "notStarted"
        ? // Until it charges after all, or the end of the reservation says the same.
          session !== undefined && session.state !== SessionState.RESERVED
        : session?.requestId === now.request.requestId;
    if (isShown || (now.kind === "granted" && store.now() > now.untilMs)) {
      setProgress(undefined);
    }
  });

  const left = kept(store.driverId);
  if (left) {
    void run(left);
  }

  return {
    progress,
    ask,
    /** Whether no new request may be made now. */
    isBusy,
    /** No longer tries to send what has not gone out. */
    giveUp: () => {
      const given = progress();
      if (given) {
        forget(given.request.requestId);
      }
      setProgress(undefined);
    },
    /** The driver has read how the request ended. */
    clear: () => setProgress(undefined),
    askAgain: (request: KeptRequest) =>
      ask(request.cpId, request.limitMwh ? BigInt(request.limitMwh) : undefined, request.startsAtOnce),
  };
}
