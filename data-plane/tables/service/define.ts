/** Turns the operations of this room into those of a service: inputs checked against the model before anything else, failures in DynamoDB's words. */
import type { Operation } from "#data-plane/service";
import {
  type DynamoDB,
  type DynamoDBStreams,
  type OperationModel,
  type ServiceModel,
  validateInput,
  validationMessage,
} from "#foundation/aws";
import { validationError } from "../errors.ts";
import { NEW_NAME_CHARACTERS_MIN, tableNameProblem } from "../rules/table-name.ts";
import { toAwsError } from "./failures.ts";

/** One operation of this room. */
export interface TableOperation<Input, Output> extends Operation<Input, Output> {
  /** What is complained of before the constraints of the model are looked at. */
  check?(input: Input): void;
}

export type TableOperations = {
  readonly [Name in keyof DynamoDB.Operations]?: TableOperation<
    DynamoDB.Operations[Name]["input"],
    DynamoDB.Operations[Name]["output"]
  >;
};

export type StreamOperations = {
  readonly [Name in keyof DynamoDBStreams.Operations]?: TableOperation<
    DynamoDBStreams.Operations[Name]["input"],
    DynamoDBStreams.Operations[Name]["output"]
  >;
};

/** Operations that say in a sentence of their own that they miss the name of a table. */
const NAME_PARAMETER: ReadonlySet<string> = new Set(["CreateTable", "DeleteTable", "DescribeTable", "UpdateTable"]);

type AnyInput = Readonly<Record<string, unknown>>;

/** The operations of a service, by name. */
export function defineOperations(
  model: ServiceModel,
  operations: TableOperations | StreamOperations,
): ReadonlyMap<string, Operation<never, unknown>> {
  const defined = new Map<string, Operation<never, unknown>>();
  for (const [name, operation] of Object.entries(operations)) {
    const described = model.operation(name);
    if (described === undefined) throw new Error(`${name} is no operation of ${model.service}`);
    defined.set(name, define(model, described, operation as TableOperation<AnyInput, unknown>));
  }
  return defined;
}

function define(
  model: ServiceModel,
  described: OperationModel,
  operation: TableOperation<AnyInput, unknown>,
): Operation<AnyInput, unknown> {
  const { name } = described;
  const namesTable = described.input.members.some((member) => member.name === "TableName");
  const charactersMin = name === "CreateTable" ? NEW_NAME_CHARACTERS_MIN : 1;
  const checkInput = (input: AnyInput): void => {
    if (namesTable) checkTableName(name, input.TableName, charactersMin);
    operation.check?.(input);
    const violations = validateInput(model, described, input);
    if (violations.length > 0) throw validationError(validationMessage(violations));
  };
  return {
    access(input, context) {
      return worded(() => {
        checkInput(input);
        return operation.access(input, context);
      });
    },
    handle: (input, context) => worded(() => operation.handle(input, context)),
  };
}

/** Runs it at once; whatever it throws, now or later, is put into DynamoDB's words. */
function worded<Result>(run: () => Result): Result {
  try {
    const result = run();
    return result instanceof Promise ? (result.catch(rethrow) as Result) : result;
  } catch (error) {
    throw toAwsError(error);
  }
}

function rethrow(error: unknown): never {
  throw toAwsError(error);
}

function checkTableName(operation: string, tableName: unknown, charactersMin: number): void {
  if (typeof tableName === "string") {
    const problem = tableNameProblem(tableName, charactersMin);
    if (problem !== undefined) throw validationError(problem);
  } else if (NAME_PARAMETER.has(operation)) {
    throw validationError("The parameter 'TableName' is required but was not present in the request");
  }
}
