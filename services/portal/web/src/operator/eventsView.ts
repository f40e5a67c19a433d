import { useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, createSignal, on } from "solid-js";
import type { AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "../shared/api";
import { mergeEvents } from "./events";
import type { Network } from "./network";
import { createPages } from "./pages";

const PAGE_SIZE = 200;
/** What a page left open for days keeps; older ones are asked for again. */
const MAX_LIVE = 5000;
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
  createEffect(on(network.events, (events) => setLive((held) => mergeEvents(held, events, MAX_LIVE))));

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
