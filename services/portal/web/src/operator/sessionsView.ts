import { useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, on, type Accessor } from "solid-js";
import { SessionState, type Session } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { refreshOn } from "./changes";
import type { Network } from "./network";
import { createPages } from "./pages";

const PAGE_SIZE = 500;
const REFRESH_EACH_MS = 2000;
const PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const isSessionId = (text: string): boolean => PATTERN.test(text);

/** Which sessions are shown. It stands in the address, so that it can be kept and sent. */
export function createSessionsView(network: Network) {
  const [parameters, setParameters] = useSearchParams<{
    tab: string;
    driver: string;
    cp: string;
    state: string;
    id: string;
  }>();
  const change = (changed: Record<string, string>) =>
    setParameters(changed, { replace: true, scroll: false });
  const isAll = () => parameters.tab === "all";
  const driverId = () => parameters.driver ?? "";
  const cpId = () => parameters.cp ?? "";
  const state = () => SessionState[(parameters.state ?? "") as keyof typeof SessionState];

  const pages = createPages<Session>(async (pageToken) => {
    const answer = await operatorClient.listSessions({
      pageSize: PAGE_SIZE,
      pageToken,
      driverId: driverId(),
      cpId: cpId(),
      openOnly: !isAll(),
    });
    return { rows: answer.sessions, nextToken: answer.nextPageToken };
  });
  createEffect(on([isAll, driverId, cpId], () => void pages.reload()));
  refreshOn(
    network.events,
    (event) => event.sessionId !== "",
    () => REFRESH_EACH_MS * Math.max(1, Math.ceil(pages.rows().length / PAGE_SIZE)),
    async () => void (await pages.refresh()),
  );

  const shown: Accessor<readonly Session[]> = createMemo(() => {
    const wanted = state();
    return wanted === undefined ? pages.rows() : pages.rows().filter((session) => session.state === wanted);
  });

  return {
    pages,
    shown,
    isAll,
    driverId,
    cpId,
    state,
    isFiltered: () => driverId() !== "" || cpId() !== "" || state() !== undefined,
    openedId: () => parameters.id ?? "",
    showAll: (all: boolean) => change({ tab: all ? "all" : "", state: "" }),
    setDriver: (driver: string) => change({ driver: driver.trim() }),
    setCp: (cp: string) => change({ cp: cp.trim() }),
    setState: (name: string) => change({ state: name }),
    open: (id: string) => change({ id }),
  };
}

export type SessionsView = ReturnType<typeof createSessionsView>;
