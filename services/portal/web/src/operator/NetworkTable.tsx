import { createMemo, Show, type JSX } from "solid-js";
import type { Reading } from "../gen/evcharging/portal/v1/live_pb";
import { formatDuration, formatEnergy, formatMoney, formatPower, formatPrice } from "../shared/format";
import { StatusBadge } from "../shared/Status";
import { useOperator } from "./context";
import { IdLink } from "./IdLink";
import type { LiveChargePoint } from "./network";
import { networkText } from "./textNetwork";
import { shellText } from "./textShell";
import { VirtualTable, type Column } from "./VirtualTable";

export function NetworkTable(props: { chargePoints: readonly LiveChargePoint[] }) {
  const { network } = useOperator();
  const columns = createMemo<Column<LiveChargePoint>[]>(() => [
    {
      title: shellText().chargePoint,
      minWidth: 100,
      share: 1,
      cell: (row) => <IdLink kind="chargePoint" id={row().cpId} />,
    },
    {
      title: shellText().status,
      minWidth: 136,
      share: 1,
      cell: (row) => <StatusBadge status={row().facts().status} />,
    },
    {
      title: shellText().since,
      minWidth: 96,
      share: 0.8,
      isWideOnly: true,
      cell: (row) => <>{formatDuration(network.now() - Number(row().facts().statusSinceMs))}</>,
    },
    {
      title: shellText().location,
      minWidth: 160,
      share: 2,
      isWideOnly: true,
      cell: (row) => <>{row().facts().location}</>,
    },
    {
      title: shellText().driver,
      minWidth: 100,
      share: 1,
      isWideOnly: true,
      cell: (row) => <IdLink kind="driver" id={row().facts().driverId} />,
    },
    {
      title: shellText().power,
      minWidth: 80,
      share: 0.8,
      isNumber: true,
      cell: (row) => <Live chargePoint={row()} show={(reading) => formatPower(reading.powerW, 1)} />,
    },
    {
      title: shellText().energy,
      minWidth: 96,
      share: 0.8,
      isNumber: true,
      isWideOnly: true,
      cell: (row) => <Live chargePoint={row()} show={(reading) => formatEnergy(reading.energyMwh)} />,
    },
    {
      title: shellText().cost,
      minWidth: 80,
      share: 0.8,
      isNumber: true,
      isWideOnly: true,
      cell: (row) => <Live chargePoint={row()} show={(reading) => formatMoney(reading.costMicros)} />,
    },
    {
      title: shellText().price,
      minWidth: 96,
      share: 0.8,
      isNumber: true,
      isWideOnly: true,
      cell: (row) => <>{formatPrice(row().facts().priceMicrosPerKwh)}</>,
    },
    {
      title: networkText().maxPower,
      minWidth: 88,
      share: 0.8,
      isNumber: true,
      isWideOnly: true,
      cell: (row) => <>{formatPower(row().facts().maxPowerW)}</>,
    },
  ]);
  return (
    <VirtualTable
      label={shellText().network}
      columns={columns()}
      rows={props.chargePoints}
      rowKey={(row) => row.cpId}
    />
  );
}

function Live(props: { chargePoint: LiveChargePoint; show: (reading: Reading) => JSX.Element }) {
  return <Show when={props.chargePoint.reading()}>{(reading) => props.show(reading())}</Show>;
}
