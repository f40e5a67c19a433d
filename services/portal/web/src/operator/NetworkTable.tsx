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
      width: "minmax(100px, 1fr)",
      cell: ({ cpId }) => <IdLink kind="chargePoint" id={cpId} />,
    },
    {
      title: shellText().status,
      width: "minmax(136px, 1fr)",
      cell: ({ facts }) => <StatusBadge status={facts().status} />,
    },
    {
      title: shellText().since,
      width: "minmax(96px, 0.8fr)",
      isWideOnly: true,
      cell: ({ facts }) => formatDuration(network.now() - Number(facts().statusSinceMs)),
    },
    {
      title: shellText().location,
      width: "minmax(160px, 2fr)",
      isWideOnly: true,
      cell: ({ facts }) => facts().location,
    },
    {
      title: shellText().driver,
      width: "minmax(100px, 1fr)",
      isWideOnly: true,
      cell: ({ facts }) => <IdLink kind="driver" id={facts().driverId} />,
    },
    {
      title: shellText().power,
      width: "minmax(80px, 0.8fr)",
      isNumber: true,
      cell: (row) => <Live chargePoint={row} show={(reading) => formatPower(reading.powerW, 1)} />,
    },
    {
      title: shellText().energy,
      width: "minmax(96px, 0.8fr)",
      isNumber: true,
      isWideOnly: true,
      cell: (row) => <Live chargePoint={row} show={(reading) => formatEnergy(reading.energyMwh)} />,
    },
    {
      title: shellText().cost,
      width: "minmax(80px, 0.8fr)",
      isNumber: true,
      isWideOnly: true,
      cell: (row) => <Live chargePoint={row} show={(reading) => formatMoney(reading.costMicros)} />,
    },
    {
      title: shellText().price,
      width: "minmax(96px, 0.8fr)",
      isNumber: true,
      isWideOnly: true,
      cell: ({ facts }) => formatPrice(facts().priceMicrosPerKwh),
    },
    {
      title: networkText().maxPower,
      width: "minmax(88px, 0.8fr)",
      isNumber: true,
      isWideOnly: true,
      cell: ({ facts }) => formatPower(facts().maxPowerW),
    },
  ]);
  return <VirtualTable label={shellText().network} columns={columns()} rows={props.chargePoints} />;
}

function Live(props: { chargePoint: LiveChargePoint; show: (reading: Reading) => JSX.Element }) {
  return <Show when={props.chargePoint.reading()}>{(reading) => props.show(reading())}</Show>;
}
