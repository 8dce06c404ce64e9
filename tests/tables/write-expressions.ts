/** Conditions and updates of the model as texts: expressions with placeholders, PartiQL with parameters. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Action, Assigned, Condition } from "./naive-expressions.ts";
import type { Path } from "./naive-values.ts";

/** How a dialect writes what both have in common. */
interface Dialect {
  path(path: Path): string;
  value(value: AttributeValue): string;
  readonly exists: (path: string) => string;
  readonly missing: (path: string) => string;
  readonly among: (values: readonly string[]) => string;
}

/** Collects names and values. */
export class ExpressionWriter {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, AttributeValue> = {};
  readonly #dialect: Dialect = {
    path: ([name, ...steps]) =>
      this.#name(name) +
      steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${this.#name(step)}`)).join(""),
    value: (value) => {
      const placeholder = `:v${Object.keys(this.values).length}`;
      this.values[placeholder] = value;
      return placeholder;
    },
    exists: (path) => `attribute_exists(${path})`,
    missing: (path) => `attribute_not_exists(${path})`,
    among: (values) => `(${values.join(", ")})`,
  };

  #name(name: string): string {
    const placeholder = `#${name}`;
    this.names[placeholder] = name;
    return placeholder;
  }

  condition(condition: Condition): string {
    return conditionText(condition, this.#dialect);
  }

  path(path: Path): string {
    return this.#dialect.path(path);
  }

  value(value: AttributeValue): string {
    return this.#dialect.value(value);
  }

  update(actions: readonly Action[]): string {
    const sections = { set: "SET", remove: "REMOVE", add: "ADD", delete: "DELETE" } as const;
    return Object.entries(sections)
      .map(([kind, word]) => {
        const clauses = actions.filter((action) => action.kind === kind).map((action) => this.#clause(action));
        return clauses.length === 0 ? "" : `${word} ${clauses.join(", ")}`;
      })
      .filter((section) => section !== "")
      .join(" ");
  }

  #clause(action: Action): string {
    const path = this.path(action.path);
    if (action.kind === "remove") return path;
    return action.kind === "set"
      ? `${path} = ${assignedText(action.to, this.#dialect)}`
      : `${path} ${this.value(action.value)}`;
  }

  /** The parameters of a request; absent where there is nothing to say. */
  get placeholders() {
    return {
      ...(Object.keys(this.names).length > 0 && { ExpressionAttributeNames: this.names }),
      ...(Object.keys(this.values).length > 0 && { ExpressionAttributeValues: this.values }),
    };
  }
}

/** Collects parameters. */
export class StatementWriter {
  readonly parameters: AttributeValue[] = [];
  readonly #dialect: Dialect = {
    path: ([name, ...steps]) =>
      `"${name}"${steps.map((step) => (typeof step === "number" ? `[${step}]` : `."${step}"`)).join("")}`,
    value: (value) => {
      this.parameters.push(value);
      return "?";
    },
    exists: (path) => `${path} IS NOT MISSING`,
    missing: (path) => `${path} IS MISSING`,
    among: (values) => `[${values.join(", ")}]`,
  };

  condition(condition: Condition): string {
    return conditionText(condition, this.#dialect);
  }

  value(value: AttributeValue): string {
    return this.#dialect.value(value);
  }

  update(actions: readonly Action[]): string {
    return actions
      .map((action) => {
        const path = this.#dialect.path(action.path);
        if (action.kind === "remove") return `REMOVE ${path}`;
        if (action.kind === "set") return `SET ${path} = ${assignedText(action.to, this.#dialect)}`;
        return `SET ${path} = set_${action.kind}(${path}, ${this.value(action.value)})`;
      })
      .join(" ");
  }
}

function conditionText(condition: Condition, dialect: Dialect): string {
  switch (condition.kind) {
    case "and":
    case "or": {
      const [left, right] = [conditionText(condition.left, dialect), conditionText(condition.right, dialect)];
      return `(${left} ${condition.kind.toUpperCase()} ${right})`;
    }
    case "not":
      return `NOT ${conditionText(condition.of, dialect)}`;
  }
  const path = dialect.path(condition.path);
  switch (condition.kind) {
    case "compare":
      return `${path} ${condition.operator} ${dialect.value(condition.value)}`;
    case "size":
      return `size(${path}) ${condition.operator} ${dialect.value(condition.value)}`;
    case "between":
      return `${path} BETWEEN ${dialect.value(condition.low)} AND ${dialect.value(condition.high)}`;
    case "in":
      return `${path} IN ${dialect.among(condition.among.map((one) => dialect.value(one)))}`;
    case "exists":
      return dialect.exists(path);
    case "missing":
      return dialect.missing(path);
    case "type":
      return `attribute_type(${path}, ${dialect.value({ S: condition.type })})`;
    case "begins":
      return `begins_with(${path}, ${dialect.value(condition.value)})`;
    case "contains":
      return `contains(${path}, ${dialect.value(condition.value)})`;
  }
}

function assignedText(to: Assigned, dialect: Dialect): string {
  switch (to.kind) {
    case "value":
      return dialect.value(to.value);
    case "path":
      return dialect.path(to.path);
    case "sum":
      return `${dialect.path(to.path)} ${to.operator} ${dialect.value(to.value)}`;
    case "append":
      return `list_append(${dialect.path(to.path)}, ${dialect.value(to.value)})`;
    case "default":
      return `if_not_exists(${dialect.path(to.path)}, ${dialect.value(to.value)})`;
  }
}
