/** PutObject and CopyObject, as the record keeper sees them. */

import { encodeKey } from "../model/key-order.ts";
import { isRefusal, type PutAnswer, type PutCommand, type Refusal, refuse } from "./commands.ts";
import { checkCondition, installVersion } from "./install-version.ts";
import type { RecordContext } from "./record-context.ts";

export function putObject(context: RecordContext, command: PutCommand): PutAnswer | Refusal {
  const bucket = context.buckets.obtain(command.bucket);
  if (bucket.state !== "open") return refuse("BucketClosed");
  const key = encodeKey(command.key);
  const latest = context.versions.current(bucket, key);
  const failed = checkCondition(latest, command.condition);
  if (failed !== undefined) return failed;

  const { now, versioning, chance } = command;
  const answer = installVersion(context, { bucket, key, now, versioning, chance }, latest, command.version, {
    body: command.body.body,
    upload: null,
  });
  if (isRefusal(answer)) return answer;
  context.ledger.accept(bucket, key, 0, command.body);
  if (command.announce !== undefined) context.outbox.add(command.announce, key, now, answer.row);
  // Its sender knows the rest: every field more would be copied on the way to its thread.
  const { seq, version, modified } = answer.row;
  return { seq, version, modified };
}
