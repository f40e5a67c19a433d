import { useLocation, useSearchParams } from "@solidjs/router";
import { createEffect, createMemo, untrack, type Accessor } from "solid-js";
import { ChargePointStatus } from "../gen/evcharging/types/v1/types_pb";
import { cityOf } from "../shared/format";
import { matches, wordsOf, type NetworkFilter, type Order } from "./filter";
import { allFacts, type LiveChargePoint, type Network } from "./network";
import { nameOrder } from "./order";
import { STATUS_ORDER } from "./statusOrder";

/** Power changes each second; tiles that changed places as often could not be read. */
const SORT_BY_POWER_EACH_MS = 5000;

/** What is broken must not hide at the end of a long list. */
const DEFAULT_ORDER: Order = "attention";
const ORDERS: ReadonlySet<Order> = new Set<Order>(["attention", "id", "status", "power"]);

let lastSearch = "";

/** The way back to the network as it was last looked at. */
export const networkPath = (): string => `/${lastSearch}`;

/** Which charge points are shown, and how. It stands in the address, so that a view can be kept and sent. */
export function createNetworkView(network: Network) {
  const [parameters, setParameters] = useSearchParams<{
    q: string;
    city: string;
    status: string;
    order: string;
    view: string;
  }>();
  const location = useLocation();
  createEffect(() => {
    if (location.pathname === "/") lastSearch = location.search;
  });
  const change = (changed: Record<string, string>) =>
    setParameters(changed, { replace: true, scroll: false });

  const filter = createMemo<NetworkFilter>(() => ({
    text: parameters.q ?? "",
    city: parameters.city ?? "",
    statuses: statusesOf(parameters.status ?? ""),
  }));
  const order = createMemo<Order>(() =>
    ORDERS.has(parameters.order as Order) ? (parameters.order as Order) : DEFAULT_ORDER,
  );
  const cities = createMemo(
    () =>
      [...new Set(allFacts(network.chargePoints()).map((facts) => cityOf(facts.location)))].sort(nameOrder()),
    undefined,
    { equals: (before, after) => before.join("\n") === after.join("\n") },
  );
  const sortTick = createMemo(() => Math.floor(network.now() / SORT_BY_POWER_EACH_MS));

  const shown: Accessor<readonly LiveChargePoint[]> = createMemo(
    () => {
      network.factsVersion();
      const { text } = filter();
      const words = wordsOf(text);
      const chosen = filter();
      const found = network
        .chargePoints()
        .filter((chargePoint) => matches(untrack(chargePoint.facts), words, chosen));
      if (order() === "power") sortTick();
      return sorted(found, order());
    },
    [],
    { equals: isSameList },
  );

  return {
    filter,
    order,
    cities,
    shown,
    isTable: () => parameters.view === "table",
    isFiltered: () => filter().text !== "" || filter().city !== "" || filter().statuses.size > 0,
    setText: (q: string) => change({ q }),
    setCity: (city: string) => change({ city }),
    setOrder: (chosen: string) => change({ order: chosen === DEFAULT_ORDER ? "" : chosen }),
    setTable: (isTable: boolean) => change({ view: isTable ? "table" : "" }),
    clear: () => change({ q: "", city: "", status: "" }),
    toggleStatus(status: ChargePointStatus): void {
      const statuses = new Set(filter().statuses);
      if (!statuses.delete(status)) statuses.add(status);
      change({ status: [...statuses].map((chosen) => ChargePointStatus[chosen]).join(",") });
    },
  };
}

export type NetworkView = ReturnType<typeof createNetworkView>;

function statusesOf(names: string): Set<ChargePointStatus> {
  const known = names.split(",").map((name) => ChargePointStatus[name as keyof typeof ChargePointStatus]);
  return new Set(known.filter((status) => status !== undefined));
}

/** What is found comes by id, and a sort keeps that order among equals. */
function sorted(found: readonly LiveChargePoint[], order: Order): readonly LiveChargePoint[] {
  if (order === "id") return found;
  return untrack(() =>
    found
      .map((chargePoint) => ({ chargePoint, rank: rankOf(chargePoint, order) }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ chargePoint }) => chargePoint),
  );
}

function rankOf(chargePoint: LiveChargePoint, order: Order): number {
  const { status } = chargePoint.facts();
  switch (order) {
    case "attention":
      return status === ChargePointStatus.FAULTED ? 0 : 1;
    case "status":
      return STATUS_ORDER.indexOf(status);
    default:
      return -Number(chargePoint.reading()?.powerW ?? -1n);
  }
}

function isSameList<Item>(before: readonly Item[], after: readonly Item[]): boolean {
  return before.length === after.length && before.every((item, place) => item === after[place]);
}
