import { createMemo, Show } from "solid-js";
import type { Driver } from "../gen/evcharging/types/v1/types_pb";
import { formatMoney } from "../shared/format";
import type { DriversView } from "./driversView";
import { IdLink, shortId } from "./IdLink";
import { isNarrow } from "./narrow";
import { listText } from "./textLists";
import { shellText } from "./textShell";
import { VirtualTable, type Column } from "./VirtualTable";

export function DriverTable(props: {
  view: DriversView;
  onBlock: (driver: Driver) => void;
  onTopUp: (driver: Driver) => void;
}) {
  const columns = createMemo<Column<Driver>[]>(() => [
    {
      title: shellText().driver,
      minWidth: 72,
      share: 1,
      cell: (driver) => <strong>{driver().driverId}</strong>,
    },
    {
      title: listText().name,
      minWidth: 120,
      share: 1.4,
      isWideOnly: true,
      cell: (driver) => <>{driver().name}</>,
    },
    {
      title: listText().balance,
      minWidth: 76,
      share: 0.8,
      isNumber: true,
      cell: (driver) => (
        <span classList={{ "is-bad": driver().balanceMicros <= 0n }}>
          {formatMoney(driver().balanceMicros, driver().currency)}
        </span>
      ),
    },
    {
      title: shellText().status,
      minWidth: 128,
      share: 0.8,
      isWideOnly: true,
      cell: (driver) => (
        <Show when={driver().blocked} fallback={<span class="muted">{listText().notBlocked}</span>}>
          <span class="badge badge-faulted">{listText().blocked}</span>
        </Show>
      ),
    },
    {
      title: listText().openSession,
      minWidth: 180,
      share: 1.4,
      isWideOnly: true,
      cell: (driver) => <OpenSession view={props.view} driver={driver()} />,
    },
    {
      title: listText().actions,
      // As wide as both words in Spanish.
      minWidth: isNarrow() ? 194 : 216,
      share: 1,
      cell: (driver) => (
        <span class="cell-actions">
          <button type="button" class="button button-small" onClick={() => props.onTopUp(driver())}>
            {listText().topUp}
          </button>
          <button type="button" class="button button-small" onClick={() => props.onBlock(driver())}>
            {driver().blocked ? listText().unblock : listText().block}
          </button>
        </span>
      ),
    },
  ]);
  return (
    <VirtualTable
      label={shellText().drivers}
      columns={columns()}
      rows={props.view.shown()}
      rowKey={(driver) => driver.driverId}
      rowClass={(driver) => (driver.blocked ? "is-blocked" : "")}
    />
  );
}

/** Where a driver charges: the stream knows it sooner than the list. */
function OpenSession(props: { view: DriversView; driver: Driver }) {
  const place = () => props.view.placeOf(props.driver.driverId);
  return (
    <Show when={place()}>
      {(facts) => (
        <>
          <IdLink kind="chargePoint" id={facts().cpId} />{" "}
          <IdLink kind="session" id={facts().sessionId} text={shortId(facts().sessionId)} />
        </>
      )}
    </Show>
  );
}
