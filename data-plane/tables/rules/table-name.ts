/** What stands in `TableName`: a name, or since 2024 the ARN of a table (DynamoDB API Reference, TableName). Pure. */
import type { AccountId, Region } from "#contracts";
import { parseTableArn, type TablePlace } from "./arns.ts";

const NAME = /^[a-zA-Z0-9_.-]+$/;
const NAME_CHARACTERS_MAX = 255;
/** Only new tables must have names this long: whoever asks for a shorter one is told that there is none. */
export const NEW_NAME_CHARACTERS_MIN = 3;

export const isTableArn = (text: string): boolean => text.startsWith("arn:");

/**
 * What is wrong with a `TableName`, in AWS's words; undefined when nothing is. It is complained of alone, before all other constraints.
 *
 * @param charactersMin least length of a plain name
 */
export function tableNameProblem(text: string, charactersMin = 1): string | undefined {
  if (isTableArn(text)) {
    return parseTableArn(text)?.kind === "table"
      ? undefined
      : `Invalid TableArn: Invalid ResourceArn provided as input ${shown(text)}`;
  }
  if (text.length < charactersMin) return violation(text, `have length greater than or equal to ${charactersMin}`);
  if (text.length > NAME_CHARACTERS_MAX)
    return violation(text, `have length less than or equal to ${NAME_CHARACTERS_MAX}`);
  if (!NAME.test(text)) return violation(text, "satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
  return undefined;
}

const violation = (text: string, constraint: string): string =>
  `1 validation error detected: Value '${shown(text)}' at 'tableName' failed to satisfy constraint: Member must ${constraint}`;

/** What a message repeats of a client's text. */
const shown = (text: string): string => (text.length > 1024 ? `${text.slice(0, 1024)}…` : text);

/** Where the table is that a valid `TableName` means. Plain names are those of the caller's account in the region of the request. */
export function placeOf(text: string, accountId: AccountId, region: Region): TablePlace {
  const resource = isTableArn(text) ? parseTableArn(text) : undefined;
  return resource?.place ?? { accountId, region, name: text };
}
