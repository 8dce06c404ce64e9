/** How a rollout is told on the command line: `--stages canary,10%,100% --bake 60s --max-error-rate 1%`. */
import type { Arguments } from "../../../cli/command.ts";
import { usageError } from "../../../cli/errors.ts";
import { parseSeconds } from "../../../cli/units.ts";
import type { Stage } from "./shapes.ts";

/** As `POST …/deploy` takes it. */
export interface Strategy {
  readonly stages: readonly Stage[];
  readonly error_rate_max?: number;
  readonly requests_min?: number;
  readonly automatic_rollback: boolean;
}

/**
 * Undefined when nothing is said: all at once. The last stage is always for all. When gateways do badly, it goes back by itself unless told otherwise.
 *
 * @throws CodedError USAGE
 */
export function strategyOf(given: Pick<Arguments, "text" | "has" | "integer">): Strategy | undefined {
  const [stages, bake, rate] = [given.text("stages"), given.text("bake"), given.text("max-error-rate")];
  const requests = given.integer("min-requests", 0, 1_000_000_000);
  const isHalting = given.has("halt");
  if ([stages, bake, rate, requests].every((one) => one === undefined) && !isHalting) return undefined;
  const bakeSeconds = bake === undefined ? DEFAULT_BAKE_SECONDS : parseSeconds(bake);
  if (bakeSeconds === undefined) throw usageError(`--bake must be a time such as 60s or 10m, not "${bake}".`);
  const parts = (stages ?? "100%").split(",").map((part) => part.trim());
  if (parts.at(-1) !== "100%") parts.push("100%");
  return {
    stages: parts.map((part) => ({ ...stageOf(part), bake_seconds: bakeSeconds })),
    ...(rate === undefined ? {} : { error_rate_max: shareOf(rate) }),
    ...(requests === undefined ? {} : { requests_min: requests }),
    automatic_rollback: !isHalting,
  };
}

/** Two heartbeats, as they come by default. */
const DEFAULT_BAKE_SECONDS = 60;

/** A share of all gateways, or groups that are reached as a whole: `10%`, `canary`, `canary+eu`. */
function stageOf(part: string): Omit<Stage, "bake_seconds"> {
  if (part === "") throw usageError("--stages must name shares and groups, such as canary,10%,100%.");
  if (!part.endsWith("%")) return { groups: part.split("+") };
  const percent = percentOf(part);
  if (percent !== undefined && percent > 0) return { percent };
  throw usageError(`--stages: a share must be above 0% and at most 100%, not "${part}".`);
}

function shareOf(text: string): number {
  const percent = percentOf(text);
  if (percent !== undefined) return percent / 100;
  throw usageError(`--max-error-rate must be a share such as 1% or 0.5%, not "${text}".`);
}

function percentOf(text: string): number | undefined {
  const percent = /^\d{1,3}(\.\d{1,6})?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN;
  return percent <= 100 ? percent : undefined;
}
