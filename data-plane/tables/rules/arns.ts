/** Amazon resource names of tables and of what belongs to them (Service Authorization Reference, "Resource types defined by Amazon DynamoDB"). Pure. */
import type { AccountId, Region } from "#contracts";

/** Where a table is. */
export interface TablePlace {
  readonly accountId: AccountId;
  readonly region: Region;
  readonly name: string;
}

export const tableArn = ({ accountId, region, name }: TablePlace): string =>
  `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;

export const indexArn = (place: TablePlace, index: string): string => `${tableArn(place)}/index/${index}`;

export const streamArn = (place: TablePlace, label: string): string => `${tableArn(place)}/stream/${label}`;

export const backupArn = (place: TablePlace, backupId: string): string => `${tableArn(place)}/backup/${backupId}`;

/** What an ARN of this service may stand for. */
export type TableResource =
  | { readonly kind: "table"; readonly place: TablePlace }
  | { readonly kind: "index"; readonly place: TablePlace; readonly index: string }
  | { readonly kind: "stream"; readonly place: TablePlace; readonly label: string }
  | { readonly kind: "backup"; readonly place: TablePlace; readonly backupId: string };

const ARN =
  /^arn:aws(?:-[a-z-]+)?:dynamodb:([a-z0-9-]{1,32}):(\d{12}):table\/([a-zA-Z0-9_.-]{3,255})(?:\/(index|stream|backup)\/([a-zA-Z0-9_.:-]{1,255}))?$/;

/** Undefined for what is no ARN of a table, an index, a stream or a backup. */
export function parseTableArn(text: string): TableResource | undefined {
  const match = ARN.exec(text);
  if (match === null) return undefined;
  const [, region, accountId, name = "", kind, id = ""] = match;
  const place: TablePlace = { accountId: accountId as AccountId, region: region as Region, name };
  switch (kind) {
    case "index":
      return { kind, place, index: id };
    case "stream":
      return { kind, place, label: id };
    case "backup":
      return { kind, place, backupId: id };
    default:
      return { kind: "table", place };
  }
}
