/** Keys of log objects (Amazon S3 user guide, "Logging requests with server access logging", "Log object key format"). Pure. */
import type { AccountId, Region } from "#contracts";

/** Whose day a partition is: the request's or the delivery's. */
export type LogKeyFormat =
  | { readonly kind: "simple" }
  | {
      readonly kind: "partitioned";
      readonly dateSource: "EventTime" | "DeliveryTime";
      readonly accountId: AccountId;
      readonly region: Region;
      readonly bucket: string;
    };

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`);

/**
 * @param time epoch milliseconds: of the delivery; for partitions by event, any moment of their day
 * @param unique keeps objects of one second apart
 * @example
 * logKey("logs/", { kind: "simple" }, Date.UTC(2026, 0, 2, 3, 4, 5), "0A1B…"); // "logs/2026-01-02-03-04-05-0A1B…"
 */
export function logKey(prefix: string, format: LogKeyFormat, time: number, unique: string): string {
  const date = new Date(time);
  const [year, month, day] = [`${date.getUTCFullYear()}`, two(date.getUTCMonth() + 1), two(date.getUTCDate())];
  const clock =
    format.kind === "partitioned" && format.dateSource === "EventTime"
      ? "00-00-00"
      : `${two(date.getUTCHours())}-${two(date.getUTCMinutes())}-${two(date.getUTCSeconds())}`;
  const name = `${year}-${month}-${day}-${clock}-${unique}`;
  if (format.kind === "simple") return `${prefix}${name}`;
  return `${prefix}${format.accountId}/${format.region}/${format.bucket}/${year}/${month}/${day}/${name}`;
}
