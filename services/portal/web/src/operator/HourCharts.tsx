import { createEffect, createMemo, createSignal, For, on, Show } from "solid-js";
import { operatorClient } from "./client";
import { formatCount, formatEnergy, formatMoney } from "../shared/format";
import { BarChart } from "./BarChart";
import { useOperator } from "./context";
import { fillHours, HOUR_MS, startOfHour, type HourSum } from "./hours";
import { Loading } from "./Loading";
import { createPolled } from "./polling";
import { Problem } from "./Problem";
import { restText } from "./textRest";

const DAY_HOURS = 24;
const WEEK_HOURS = 24 * 7;
const ASK_EACH_MS = 30_000;

/** What was billed, hour by hour. */
export function HourCharts() {
  const { network } = useOperator();
  const [count, setCount] = createSignal(DAY_HOURS);
  const told = createPolled(async () => {
    const asked = count();
    const firstMs = startOfHour(network.now()) - (asked - 1) * HOUR_MS;
    const answer = await operatorClient.listHours({ fromMs: BigInt(firstMs) });
    return { currency: answer.currency, hours: fillHours(answer.hours, asked, network.now()) };
  }, ASK_EACH_MS);
  createEffect(on(count, () => void told.refresh(), { defer: true }));

  const hours = createMemo(() => told.value()?.hours ?? []);
  const money = (sum: number) => formatMoney(sum, told.value()?.currency);
  const charts = createMemo(() => [
    { title: restText().tickets, of: (hour: HourSum) => hour.tickets, show: formatCount },
    { title: restText().energy, of: (hour: HourSum) => hour.energyMwh, show: energyText },
    { title: restText().money, of: (hour: HourSum) => hour.costMicros, show: money },
  ]);

  return (
    <>
      <div class="segmented" role="group" aria-label={restText().period}>
        <button type="button" aria-pressed={count() === DAY_HOURS} onClick={() => setCount(DAY_HOURS)}>
          {restText().day}
        </button>
        <button type="button" aria-pressed={count() === WEEK_HOURS} onClick={() => setCount(WEEK_HOURS)}>
          {restText().week}
        </button>
      </div>
      <Problem error={told.error()} onRetry={() => void told.refresh()} />
      <Show when={told.value()} fallback={<Show when={told.error() === undefined}>{<Loading />}</Show>}>
        <Show when={hours().every((hour) => hour.tickets === 0)}>
          <p class="muted">{restText().noHours}</p>
        </Show>
        <div class="bar-charts">
          <For each={charts()}>
            {(chart) => (
              <BarChart
                title={restText().perHour(chart.title)}
                bars={hours().map((hour) => ({ fromMs: hour.fromMs, value: chart.of(hour) }))}
                show={chart.show}
              />
            )}
          </For>
        </div>
      </Show>
    </>
  );
}

const energyText = (sum: number): string => formatEnergy(sum, 1);
