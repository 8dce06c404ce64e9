/** What the parameters from before expressions can say: single conditions and changes of whole attributes. */
import type {
  AttributeValueUpdate,
  ExpectedAttributeValue,
  Condition as SentCondition,
} from "@aws-sdk/client-dynamodb";
import { type Action, type Condition, randomActions, randomCondition } from "./naive-expressions.ts";
import type { Random } from "./naive-values.ts";

type Leaf = Extract<Condition, { readonly path: unknown }>;

const COMPARISONS: Readonly<Record<string, string>> = { "=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE" };

/** One condition on one attribute. What is not equal to a missing attribute is left out: AWS's documentation does not say. */
export function randomOlderCondition(random: Random): Leaf {
  for (;;) {
    const condition = randomCondition(random, 0);
    if ("path" in condition && condition.path.length === 1 && comparisonOf(condition) !== undefined) return condition;
  }
}

/** For `Expected`, `QueryFilter` and `ScanFilter` alike. */
export function olderCondition(condition: Leaf): Record<string, ExpectedAttributeValue & SentCondition> {
  return { [condition.path[0]]: comparisonOf(condition)! };
}

function comparisonOf(condition: Leaf): (ExpectedAttributeValue & SentCondition) | undefined {
  switch (condition.kind) {
    case "compare": {
      const operator = COMPARISONS[condition.operator];
      if (operator === undefined) return undefined;
      return { ComparisonOperator: operator as "EQ", AttributeValueList: [condition.value] };
    }
    case "between":
      return { ComparisonOperator: "BETWEEN", AttributeValueList: [condition.low, condition.high] };
    case "exists":
      return { ComparisonOperator: "NOT_NULL" };
    case "missing":
      return { ComparisonOperator: "NULL" };
    case "begins":
      return { ComparisonOperator: "BEGINS_WITH", AttributeValueList: [condition.value] };
    case "contains":
      return { ComparisonOperator: "CONTAINS", AttributeValueList: [condition.value] };
    default:
      return undefined;
  }
}

/** Changes that AttributeUpdates has words for. */
export function randomOlderActions(random: Random): readonly Action[] {
  for (;;) {
    const actions = randomActions(random, false).filter(
      (action) => action.path.length === 1 && (action.kind !== "set" || action.to.kind === "value"),
    );
    if (actions.length > 0) return actions;
  }
}

export function attributeUpdates(actions: readonly Action[]): Record<string, AttributeValueUpdate> {
  return Object.fromEntries(actions.map((action) => [action.path[0], attributeUpdate(action)]));
}

function attributeUpdate(action: Action): AttributeValueUpdate {
  switch (action.kind) {
    case "set":
      if (action.to.kind !== "value") throw new TypeError("no value");
      return { Action: "PUT", Value: action.to.value };
    case "remove":
      return { Action: "DELETE" };
    case "add":
      return { Action: "ADD", Value: action.value };
    case "delete":
      return { Action: "DELETE", Value: action.value };
  }
}
