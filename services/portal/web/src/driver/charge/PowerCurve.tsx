import { createMemo, type JSX } from "solid-js";
import { TimeChart } from "../../shared/Chart";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";

const text = defineText({
  en: { title: "Power", unit: "kW" },
  es: { title: "Potencia", unit: "kW" },
});

/** Power since the charge began, as far as it is known. */
export function PowerCurve(): JSX.Element {
  const { store } = useDriver();
  const points = createMemo(() => ({
    x: store.power().map((point) => Number(point.atMs) / 1_000),
    y: [store.power().map((point) => Number(point.powerW) / 1_000)],
  }));
  return (
    <section class="card no-print">
      <h2>
        {text().title} <span class="muted small">{text().unit}</span>
      </h2>
      <TimeChart
        points={points}
        series={[{ label: text().title, unit: text().unit }]}
        height={190}
        label={text().title}
      />
    </section>
  );
}
