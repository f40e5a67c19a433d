import { useSearchParams } from "@solidjs/router";
import { createMemo, createSignal, onMount } from "solid-js";
import type { ChargePoint, Driver } from "../gen/evcharging/types/v1/types_pb";
import { operatorClient } from "./client";
import { refreshOn } from "./changes";
import { wordsOf } from "./filter";
import { allFacts, type Network } from "./network";
import { compareIds, plain } from "./order";
import { createPages } from "./pages";

const PAGE_SIZE = 1000;
const REFRESH_EACH_MS = 3000;
/** More than these nobody reads; a search on the server would be the answer. */
export const MAX_DRIVERS = 10_000;

/** Events after which a balance or a block is another. */
const CHANGES = new Set(["DRIVER_CREATED", "DRIVER_BLOCKED", "DRIVER_UNBLOCKED", "TOPPED_UP", "ENDED"]);

export function createDriversView(network: Network) {
  const [parameters, setParameters] = useSearchParams<{ q: string }>();
  const [isOnlyBlocked, setIsOnlyBlocked] = createSignal(false);
  const text = () => parameters.q ?? "";

  const pages = createPages<Driver>(async (pageToken) => {
    const answer = await operatorClient.listDrivers({ pageSize: PAGE_SIZE, pageToken });
    return { rows: answer.drivers, nextToken: answer.nextPageToken };
  });
  async function load(): Promise<void> {
    await pages.reload();
    await pages.loadUpTo(MAX_DRIVERS);
  }
  onMount(() => void load());
  refreshOn(
    network.events,
    (event) => CHANGES.has(event.kind),
    () => REFRESH_EACH_MS * Math.max(1, Math.ceil(pages.rows().length / PAGE_SIZE)),
    async () => void (await pages.refresh()),
  );

  // The server has them as plain text, in which driver10 comes before driver2.
  const byId = createMemo(() =>
    [...pages.rows()].sort((one, other) => compareIds(one.driverId, other.driverId)),
  );
  const shown = createMemo(() => {
    const words = wordsOf(text());
    return byId().filter((driver) => {
      if (isOnlyBlocked() && !driver.blocked) return false;
      if (words.length === 0) return true;
      const searched = plain(`${driver.driverId}\n${driver.name}`);
      return words.every((word) => searched.includes(word));
    });
  });

  /** Where each driver is now, as the stream tells it. */
  const places = createMemo(() => {
    network.factsVersion();
    const held = allFacts(network.chargePoints()).filter((facts) => facts.sessionId !== "");
    return new Map<string, ChargePoint>(held.map((facts) => [facts.driverId, facts]));
  });

  return {
    pages,
    shown,
    text,
    isOnlyBlocked,
    setIsOnlyBlocked,
    load,
    setText: (q: string) => setParameters({ q }, { replace: true, scroll: false }),
    placeOf: (driverId: string) => places().get(driverId),
    /** What a command answered, so that it shows at once. */
    learn(driver: Driver | undefined): void {
      if (driver === undefined) return;
      pages.setRows((rows) => rows.map((row) => (row.driverId === driver.driverId ? driver : row)));
    },
  };
}

export type DriversView = ReturnType<typeof createDriversView>;
