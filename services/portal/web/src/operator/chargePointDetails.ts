import { createEffect, createSignal, on, onCleanup, untrack, type Accessor } from "solid-js";
import type { PowerPoint } from "../gen/evcharging/portal/v1/live_pb";
import type { GetChargePointResponse } from "../gen/evcharging/portal/v1/operator_pb";
import { operatorClient } from "./client";
import type { ChartPoints } from "../shared/Chart";
import type { Network } from "./network";
import { createSequence } from "./sequence";

const HOUR_MS = 3_600_000;
/** Facts change several times while a charge begins or ends; its story is asked for once. */
const SETTLE_MS = 300;

interface Point {
  readonly atMs: number;
  readonly powerW: number;
}

/** What the stream does not tell of a charge point: asked for when it is opened, and again when its facts change. */
export function createDetails(network: Network, cpId: Accessor<string>) {
  const [answer, setAnswer] = createSignal<GetChargePointResponse>();
  const [error, setError] = createSignal<unknown>();
  const [points, setPoints] = createSignal<readonly Point[]>([]);

  const ask = createSequence();

  async function load(): Promise<void> {
    const asked = cpId();
    const isNewest = ask();
    try {
      const found = await operatorClient.getChargePoint({ cpId: asked });
      if (asked !== cpId() || !isNewest()) return;
      setAnswer(found);
      setError(undefined);
      setPoints((held) => joined(found.power, held));
    } catch (failure) {
      if (asked === cpId() && isNewest()) setError(() => failure);
    }
  }

  const live = () => network.find(cpId());
  createEffect(
    on(cpId, () => {
      setAnswer(undefined);
      setPoints([]);
      void load();
    }),
  );
  createEffect(
    on(
      () => live()?.facts().version,
      () => {
        const timer = setTimeout(() => void load(), SETTLE_MS);
        onCleanup(() => clearTimeout(timer));
      },
      { defer: true },
    ),
  );
  createEffect(
    on(
      () => live()?.reading(),
      (reading, before) => {
        if (reading !== undefined)
          add({ atMs: Number(reading.measuredAtMs), powerW: Number(reading.powerW) });
        else if (before !== undefined) add({ atMs: untrack(network.now), powerW: 0 });
      },
    ),
  );

  function add(point: Point): void {
    setPoints((held) => {
      const last = held.at(-1);
      if (last !== undefined && point.atMs <= last.atMs) return held;
      const firstKept = held.findIndex((kept) => kept.atMs >= point.atMs - HOUR_MS);
      return [...(firstKept < 0 ? [] : held.slice(firstKept)), point];
    });
  }

  return { answer, error, load, power: () => chartOf(points()) };
}

/** What was told, and after it what was heard since. */
function joined(told: readonly PowerPoint[], heard: readonly Point[]): Point[] {
  const known = told.map((point) => ({ atMs: Number(point.atMs), powerW: Number(point.powerW) }));
  const lastMs = known.at(-1)?.atMs ?? 0;
  return [...known, ...heard.filter((point) => point.atMs > lastMs)];
}

function chartOf(points: readonly Point[]): ChartPoints {
  return {
    x: points.map((point) => point.atMs / 1000),
    y: [points.map((point) => point.powerW / 1000)],
  };
}
