/** One operation of an artifact, ready to be run. */
import type { GatewayPlan, PlannedOperation } from "#foundation/gateway-artifact";
import type { Dispatcher, Middleware } from "../plugins/plugin.ts";
import { BodyChecks } from "../validation/body-checks.ts";
import { ParameterChecks } from "../validation/parameter-checks.ts";
import { ResponseChecks } from "../validation/response-checks.ts";
import type { ValidatorSet } from "../validation/validator-set.ts";
import type { OperationMetrics } from "./gateway-metrics.ts";

/** A plugin that was set up. */
export type ReadyPlugin =
  | { readonly kind: "middleware"; readonly name: string; readonly phase: string; readonly middleware: Middleware }
  | { readonly kind: "dispatcher"; readonly name: string; readonly dispatcher: Dispatcher };

export interface RunningOperation {
  readonly planned: PlannedOperation;
  readonly parameters: Pick<ParameterChecks, "check">;
  readonly body: Pick<BodyChecks, "demand">;
  /** In the order of the request; the first {@link admissions} of them come before the request is checked. */
  readonly middlewares: readonly Middleware[];
  /** Of each middleware. */
  readonly names: readonly string[];
  readonly admissions: number;
  readonly dispatcher: Dispatcher;
  /** What answers of the dispatcher are held against; undefined: nothing. */
  readonly responses: ResponseChecks | undefined;
  /** Whether a plugin wants the whole body. */
  readonly readsBody: boolean;
  /** Whether a middleware is told of the end of requests, and may look at their fields then. */
  readonly watchesEnd: boolean;
  /** Name, value, name, value … for every answer. */
  readonly answerFields: readonly string[];
  readonly metrics: OperationMetrics;
}

export function runningOperation(
  planned: PlannedOperation,
  plan: GatewayPlan,
  plugins: readonly ReadyPlugin[],
  validators: ValidatorSet,
  metrics: OperationMetrics,
): RunningOperation {
  const uses = planned.middlewares.map((index) => {
    const plugin = plugins[index];
    if (plugin?.kind !== "middleware")
      throw new Error(`${planned.id} uses ${plan.plugins[index]?.name} as a middleware`);
    return plugin;
  });
  const admissions = uses.filter(({ phase }) => phase === "admission");
  const ordered = [...admissions, ...uses.filter(({ phase }) => phase !== "admission")];
  const dispatch = plugins[planned.dispatch];
  if (dispatch?.kind !== "dispatcher") throw new Error(`${planned.id} has no dispatcher`);
  const { dispatcher } = dispatch;
  return {
    planned,
    parameters: new ParameterChecks(planned.parameters, planned.template.parameters, validators),
    body: new BodyChecks(planned.requestBody, validators),
    middlewares: ordered.map(({ middleware }) => middleware),
    names: ordered.map(({ name }) => name),
    admissions: admissions.length,
    dispatcher,
    responses: planned.responseValidation && new ResponseChecks(planned, validators),
    readsBody:
      dispatcher.readsRequestBody === true || ordered.some(({ middleware }) => middleware.readsRequestBody === true),
    watchesEnd: ordered.some(({ middleware }) => middleware.onEnd !== undefined),
    answerFields: [
      ...(planned.deprecated ? ["Deprecation", "true"] : []),
      ...(planned.sunset === undefined ? [] : ["Sunset", planned.sunset]),
    ],
    metrics,
  };
}
