/** What expressions are called in refusals: by the classes of the grammar that DynamoDB uses. */
import type { Expression } from "./syntax.ts";

export function kindName(expression: Expression): string {
  switch (expression.kind) {
    case "call":
      return expression.name;
    case "parameter":
      return "Parameter";
    case "path":
      return expression.steps.length === 0 ? "VariableReference" : "Path";
    case "is":
      return "IsType";
    case "literal":
      return "Literal";
    case "list":
    case "bag":
      return "Seq";
    case "tuple":
      return "Struct";
    default:
      return "NAry";
  }
}
