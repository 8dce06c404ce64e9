/**
 * The cases of lists from Elle's own tests, as transactions of ours.
 */
import { readFileSync } from "node:fs";
import type { AnomalyClass, Level, ListTransaction, Step } from "../index.ts";

export interface ElleCase {
  readonly name: string;
  readonly history: readonly ListTransaction[];
  readonly checks: readonly ElleCheck[];
}

export interface ElleCheck {
  readonly levels: readonly Level[];
  readonly anomalies: readonly AnomalyClass[];
  readonly expected: ElleVerdict;
}

export interface ElleVerdict {
  readonly verdict: "ok" | "violation" | "undecided";
  /** Sorted, as are the levels that are missed. */
  readonly types: readonly string[];
  readonly missed: readonly string[];
}

interface PublishedEvent {
  readonly index: number;
  readonly type: "invoke" | "ok" | "fail" | "info";
  readonly process: number;
  readonly value: readonly (["append", string, number] | ["r", string, readonly number[] | null])[];
}

interface PublishedCase {
  readonly name: string;
  readonly history: readonly PublishedEvent[];
  readonly checks: readonly [
    { readonly models: readonly Level[] | null; readonly anomalies?: readonly AnomalyClass[] },
    {
      readonly valid: boolean | "unknown";
      readonly anomalyTypes?: readonly string[];
      readonly not?: readonly string[];
    },
  ][];
}

/** @param folder the folder of published vectors */
export function readElleCases(folder: string): readonly ElleCase[] {
  const text = readFileSync(`${folder}/histories/elle/list-append-cases.json`, "utf8");
  return (JSON.parse(text) as readonly PublishedCase[]).map(({ name, history, checks }) => ({
    name,
    history: transactions(history),
    checks: checks.map(([{ models, anomalies }, { valid, anomalyTypes, not }]) => ({
      levels: models ?? [],
      anomalies: anomalies ?? [],
      expected: {
        verdict: valid === "unknown" ? "undecided" : valid ? "ok" : "violation",
        types: [...(anomalyTypes ?? [])].sort(),
        missed: [...(not ?? [])].sort(),
      },
    })),
  }));
}

const OUTCOMES = { ok: "ok", fail: "failed", info: "unknown" } as const;

/** Times are places in the history. An end without a beginning began just before. */
function transactions(events: readonly PublishedEvent[]): readonly ListTransaction[] {
  const open = new Map<number, number[]>();
  return events.flatMap(({ index, type, process, value }): ListTransaction[] => {
    const begins = open.get(process) ?? [];
    open.set(process, begins);
    if (type === "invoke") {
      begins.push(index);
      return [];
    }
    const steps = value.map(
      ([name, key, what]): Step =>
        name === "append" ? { type: "append", key, element: what } : { type: "read", key, value: what ?? [] },
    );
    return [{ client: process, begun: begins.shift() ?? index - 0.5, ended: index, outcome: OUTCOMES[type], steps }];
  });
}
