/** What a worker host and its worker say to each other, by structured clone. */
import type { OpenOptions } from "./database.ts";
import type { FailedOutcome, Outcome } from "./outcome.ts";
import type { EngineCommand } from "./run-batch.ts";

export type ToWorker =
  | { readonly type: "open"; readonly database: OpenOptions; readonly settings: unknown }
  | { readonly type: "batch"; readonly commands: readonly EngineCommand[] }
  | { readonly type: "close" };

/** Reports arrive in the order of the batches. */
export type FromWorker =
  | { readonly type: "opened" }
  | { readonly type: "notOpened"; readonly failure: FailedOutcome }
  | { readonly type: "report"; readonly outcomes: readonly Outcome<unknown>[]; readonly fatal: boolean }
  | { readonly type: "closed" };
