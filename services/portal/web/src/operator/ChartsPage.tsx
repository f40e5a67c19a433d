import { formatCount } from "../shared/format";
import { createMemo, Show } from "solid-js";
import { ChargePointStatus } from "../gen/evcharging/types/v1/types_pb";
import { TimeChart } from "../shared/Chart";
import "./charts.css";
import { useOperator } from "./context";
import { HourCharts } from "./HourCharts";
import { allFacts } from "./network";
import { powerText } from "./powerText";
import { Figure } from "./SessionNow";
import { restText } from "./textRest";
import { shellText } from "./textShell";

const KILOWATT = { name: "kW", watts: 1000 };
const MEGAWATT = { name: "MW", watts: 1_000_000 };
/** A network that could supply more is told in megawatts. */
const LARGE_NETWORK_W = 10_000_000;

export function ChartsPage() {
  const { network } = useOperator();
  const openCount = createMemo(() => {
    network.factsVersion();
    return allFacts(network.chargePoints()).filter((facts) => facts.sessionId !== "").length;
  });
  const unit = createMemo(() => {
    const most = allFacts(network.chargePoints()).reduce((sum, facts) => sum + Number(facts.maxPowerW), 0);
    return most > LARGE_NETWORK_W ? MEGAWATT : KILOWATT;
  });
  const points = createMemo(() => ({
    x: network.power().map((point) => Number(point.atMs) / 1000),
    y: [network.power().map((point) => Number(point.powerW) / unit().watts)],
  }));
  return (
    <div class="page stack">
      <header class="page-head">
        <h1>{shellText().charts}</h1>
      </header>
      <div class="figures card">
        <Figure name={shellText().powerNow} value={powerText(network.powerNow())} />
        <Figure name={restText().openNow} value={formatCount(openCount())} />
        <Figure
          name={restText().chargingNow}
          value={formatCount(network.counts().get(ChargePointStatus.CHARGING) ?? 0)}
        />
      </div>
      <section class="card stack" aria-labelledby="network-power-title">
        <h2 id="network-power-title">{restText().powerLastHour(unit().name)}</h2>
        <Show when={unit().name} keyed>
          {(name) => (
            <TimeChart
              points={points}
              series={[{ label: restText().powerSeries, unit: name }]}
              height={280}
              label={restText().powerLastHour(name)}
            />
          )}
        </Show>
      </section>
      <HourCharts />
    </div>
  );
}
