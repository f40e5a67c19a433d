import { useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, on, onCleanup } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { mergeEvents } from "./events";
import type { Network } from "./network";
import { createPages } from "./pages";

const PAGE_SIZE = 500;
/** A page that was told more than these since it was opened begins anew. */
const MAX_LIVE = 5000;
const ASK_AGAIN_MS = 3000;
const MAX_SHOWN = 20_000;

export function createEventsView(network: Network) {
  const [parameters, setParameters] = useSearchParams<{ kind: string; cp: string; driver: string }>();
  const change = (changed: Record<string, string>) =>
    setParameters(changed, { replace: true, scroll: false });
  const kind = () => parameters.kind ?? "";
  const cpId = () => parameters.cp ?? "";
  const driverId = () => parameters.driver ?? "";

  const pages = createPages<AuditEvent>(async (pageToken) => {
    const answer = await operatorClient.listEvents({
      pageSize: PAGE_SIZE,
      pageToken,
      cpId: cpId(),
      driverId: driverId(),
    });
    return { rows: answer.events, nextToken: answer.nextPageToken };
  });
  createEffect(on([cpId, driverId], () => void pages.reload()));

  const [live, setLive] = createSignal<readonly AuditEvent[]>([]);
  let isFull = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isGone = false;
  createEffect(
    on(network.events, (events) => {
      const count = setLive((held) => mergeEvents(held, events, 2 * MAX_LIVE)).length;
      if (count > MAX_LIVE && !isFull) void beginAnew();
      isFull = count > MAX_LIVE;
    }),
  );
  createEffect(on(network.catchUps, () => void beginAnew(), { defer: true }));

  /** Asks for what is listed again: between the pages and what is live there may be a hole. */
  async function beginAnew(): Promise<void> {
    clearTimeout(retry);
    const isFresh = await pages.refresh();
    if (isGone) return;
    if (isFresh) setLive(network.events());
    else retry = setTimeout(() => void beginAnew(), ASK_AGAIN_MS);
  }
  onCleanup(() => {
    isGone = true;
    clearTimeout(retry);
  });

  const isWanted = (event: AuditEvent): boolean =>
    (kind() === "" || event.kind === kind()) &&
    (cpId() === "" || event.cpId === cpId()) &&
    (driverId() === "" || event.driverId === driverId());
  const loaded = createMemo(() => mergeEvents(live(), pages.rows(), MAX_SHOWN));
  const shown = createMemo(() => loaded().filter(isWanted));

  return {
    pages,
    loaded,
    shown,
    kind,
    cpId,
    driverId,
    setKind: (name: string) => change({ kind: name }),
    setCp: (cp: string) => change({ cp: cp.trim() }),
    setDriver: (driver: string) => change({ driver: driver.trim() }),
  };
}

export type EventsView = ReturnType<typeof createEventsView>;
