import { createEffect, createSignal, onCleanup } from "solid-js";
import { RefusalReason } from "../gen/evcharging/types/v1/types_pb";
import { driverClient, explain, isSignedOut } from "../shared/api";
import { toast } from "../shared/Dialog";
import { defineText } from "../shared/text";
import { randomUuid } from "../shared/uuid";
import { keepAsking } from "./keepAsking";
import { readJson } from "./remembered";
import type { DriverStore } from "./store";

const STORAGE_KEY = "evcharging.request";
const VALID_MS = 60_000;

const text = defineText({
  en: { wentOut: "The network is reachable again: your request went out." },
  es: { wentOut: "La red vuelve a responder: tu petición ha salido." },
});

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

interface Reserved {
  cpId: string;
  untilMs: number;
}

export type Progress =
  | { kind: "sending"; request: KeptRequest; isTroubled: boolean }
  /** The stream is about to show what was reserved. */
  | { kind: "granted"; request: KeptRequest; cpId: string; untilMs: number }
  | { kind: "refused"; request: KeptRequest; reason: RefusalReason }
  | { kind: "unsent"; request: KeptRequest }
  | { kind: "failed"; request: KeptRequest; message: string };

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

  const run = async (request: KeptRequest) => {
    try {
      if (request.reserved) {
        await startReserved(request, request.reserved);
        return;
      }
      const answer = await send(request, request.expiresAtMs, () => reserve(request));
      if (!isWanted(request)) {
        return;
      }
      if (!answer) {
        end({ kind: "unsent", request });
      } else if (!answer.authorized) {
        end({ kind: "refused", request, reason: answer.reason });
      } else {
        const reserved = { cpId: answer.cpId, untilMs: Number(answer.reservedUntilMs) };
        keep({ ...request, reserved });
        await startReserved(request, reserved);
      }
    } catch (error) {
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
    try {
      if (request.startsAtOnce) {
        const start = () => driverClient.startCharging({ cpId, requestId: request.requestId });
        const answer = await send(request, untilMs, start);
        store.takeSession(answer?.session);
      }
    } catch (error) {
      if (isSignedOut(error)) {
        throw error;
      }
      // The reservation stands, and the page shows it with its own button to start.
      toast(explain(error), "danger");
    }
    if (isWanted(request)) {
      end({ kind: "granted", request, cpId, untilMs });
    }
  };

  const end = (last: Progress) => {
    forget();
    setProgress(last);
  };

  const ask = (cpId: string, limitMwh: bigint | undefined, startsAtOnce: boolean) => {
    if (progress()?.kind === "sending") {
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
    const isShown = store.charge()?.session?.requestId === now.request.requestId;
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
    isBusy: () => progress()?.kind === "sending" || progress()?.kind === "granted",
    /** No longer tries to send what has not gone out. */
    giveUp: () => {
      forget();
      setProgress(undefined);
    },
    /** The driver has read how the request ended. */
    clear: () => setProgress(undefined),
    askAgain: (request: KeptRequest) =>
      ask(request.cpId, request.limitMwh ? BigInt(request.limitMwh) : undefined, request.startsAtOnce),
  };
}

function reserve(request: KeptRequest) {
  return driverClient.reserve({
    requestId: request.requestId,
    cpId: request.cpId,
    ...(request.limitMwh ? { energyLimitMwh: BigInt(request.limitMwh) } : {}),
    expiresAtMs: BigInt(Math.round(request.expiresAtMs)),
  });
}

function keep(request: KeptRequest): void {
  localStorage.setItem(STORAGE_KEY, JSON.stringify(request));
}

function forget(): void {
  localStorage.removeItem(STORAGE_KEY);
}

function kept(driverId: string): KeptRequest | undefined {
  const request = readJson<KeptRequest>(STORAGE_KEY);
  return request?.driverId === driverId ? request : undefined;
}
