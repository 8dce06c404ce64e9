/**
 * Transactions over lists, which only ever grow at the end. Every element is appended to its list once, so that a read tells the whole story of a list: who
 * appended, and in which order.
 */

export type Element = string | number;

export type Step =
  /** The elements that were seen, the oldest first. Not looked at unless the outcome of the transaction is `ok`. */
  | { readonly type: "read"; readonly key: string; readonly value: readonly Element[] }
  | { readonly type: "append"; readonly key: string; readonly element: Element };

export interface ListTransaction {
  /** Whoever asks for one transaction after the other. */
  readonly client: string | number;
  /** On one clock; what happens in one instant counts as concurrent. */
  readonly begun: number;
  /** Not looked at unless the outcome is `ok`. */
  readonly ended: number;
  /** `unknown`: it may have been committed, or may be later, or never. `failed`: it never was and never will be. */
  readonly outcome: "ok" | "unknown" | "failed";
  readonly steps: readonly Step[];
}

/** Transactions are told apart by their index in the history. */
export type TransactionIndex = number;

export function describeTransaction(history: readonly ListTransaction[], index: TransactionIndex): string {
  const { client, begun, ended, outcome, steps } = history[index]!;
  const until = outcome === "ok" ? String(ended) : "?";
  const known = outcome === "ok" ? "" : `, ${outcome}`;
  return `T${index} (client ${client}, ${begun} … ${until}${known}): ${steps.map((step) => describeStep(step, outcome)).join(", ")}`;
}

/** Elements shown of a list: its end is what matters. */
const ELEMENTS_MAX = 8;

export function describeList(value: readonly Element[]): string {
  const shown = value.slice(-ELEMENTS_MAX).map((element) => JSON.stringify(element));
  return `[${[...(value.length > ELEMENTS_MAX ? ["…"] : []), ...shown].join(" ")}]`;
}

function describeStep(step: Step, outcome: ListTransaction["outcome"]): string {
  if (step.type === "append") return `append ${step.key} ${JSON.stringify(step.element)}`;
  return `read ${step.key} → ${outcome === "ok" ? describeList(step.value) : "?"}`;
}
