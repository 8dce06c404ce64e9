/** Checks inputs against the model, and words what is wrong as IAM does (IAM API Reference, "Common Errors": ValidationError). Pure. */
import {
  type ConstraintViolation,
  type OperationModel,
  type ServiceModel,
  validateInput,
  validationMessage,
} from "#foundation/aws";
import { validationError } from "../errors.ts";

/** Members whose pattern IAM explains in a sentence instead of showing it, by what their value is. */
const EXPLAINED: readonly (readonly [members: RegExp, sentence: (member: string) => string])[] = [
  [
    /^(userName|newUserName|groupName|newGroupName|roleName|policyName|instanceProfileName)$/,
    (member) =>
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
  ],
  [
    /^(path|newPath)$/,
    (member) =>
      `The specified value for ${member} is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.`,
  ],
  [
    /^pathPrefix$/,
    (member) =>
      `The specified value for ${member} is invalid. It must begin with the / character and contain only alphanumeric characters and/or / characters.`,
  ],
];

/** @throws AwsError ValidationError */
export function checkInput(
  model: ServiceModel,
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
): void {
  const violations = validateInput(model, operation, input);
  if (violations.length === 0) return;
  // An empty name is too short as well as of the wrong form; IAM then speaks of the form.
  for (const violation of violations) {
    const sentence = violation.kind === "pattern" ? explained(violation) : undefined;
    if (sentence !== undefined) throw validationError(sentence);
  }
  throw validationError(validationMessage(violations));
}

const explained = ({ path }: ConstraintViolation): string | undefined =>
  EXPLAINED.find(([members]) => members.test(path))?.[1](path);
