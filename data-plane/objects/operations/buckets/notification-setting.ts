/** GetBucketNotificationConfiguration and PutBucketNotificationConfiguration. */
import type { BucketRecord } from "#contracts";
import type { CallContext, EventSource } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import { randomUuid } from "#foundation/runtime";
import { s3Error } from "../../errors.ts";
import { findDestination } from "../../notifications/find-destination.ts";
import { testEvent } from "../../rules/notifications/event-record.ts";
import { type DestinationArn, validateNotifications } from "../../rules/notifications/validate.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";
import { bucketOf, configure } from "./configure.ts";
import type { Handlers } from "./handlers.ts";

/** What cannot be told here at all, in words. */
const UNAVAILABLE = {
  sqs: "Queues are not available in this cloud",
  sns: "Topics are not available in this cloud",
  lambda: "Functions are not available in this cloud",
} as const satisfies Record<DestinationArn["service"], string>;

/** What stands in the way of one destination. */
interface Problem {
  readonly arn: string;
  readonly problem: string;
}

const unreachable = (problems: readonly Problem[]) =>
  s3Error(
    "InvalidArgument",
    400,
    "Unable to validate the following destination configurations",
    Object.fromEntries(
      problems.flatMap(({ arn, problem }, index) => [
        [`ArgumentName${index + 1}`, arn],
        [`ArgumentValue${index + 1}`, problem],
      ]),
    ),
  );

/** Collects what `check` has against the destinations. @throws AwsError InvalidArgument when it has something */
async function checkAll(
  destinations: readonly DestinationArn[],
  check: (destination: DestinationArn) => string | undefined | Promise<string | undefined>,
): Promise<void> {
  const problems: Problem[] = [];
  for (const destination of destinations) {
    const problem = await check(destination);
    if (problem !== undefined) problems.push({ arn: destination.arn, problem });
  }
  if (problems.length > 0) throw unreachable(problems);
}

export function bucketNotificationHandlers(
  environment: ObjectsEnvironment,
): Handlers<"GetBucketNotificationConfiguration" | "PutBucketNotificationConfiguration"> {
  /** What is refused whether or not the caller wants destinations validated. */
  const refusedHere = (bucket: BucketRecord, { arn, service, region }: DestinationArn): string | undefined => {
    if (findDestination(environment, arn) === undefined) return UNAVAILABLE[service];
    if (region !== bucket.region) {
      return "The notification destination service region is not valid for the bucket location constraint";
    }
    return service === "sqs" && arn.endsWith(".fifo") ? "FIFO queues are not supported as destinations" : undefined;
  };

  const sendTest = async (
    bucket: BucketRecord,
    arn: string,
    source: EventSource,
    context: CallContext,
  ): Promise<string | undefined> => {
    const body = JSON.stringify(testEvent(bucket.name, context.now, context.requestId, context.hostId));
    const outcome = await findDestination(environment, arn)?.deliver(arn, body, source);
    return outcome === "delivered" ? undefined : "The test message could not be delivered";
  };

  return {
    GetBucketNotificationConfiguration(input) {
      return (bucketOf(environment, input).sections.notification as S3.NotificationConfiguration | undefined) ?? {};
    },
    async PutBucketNotificationConfiguration(input, context) {
      const bucket = bucketOf(environment, input);
      const { section, destinations } = validateNotifications(input.NotificationConfiguration, () =>
        randomUuid(environment.random),
      );
      const { name, accountId, region } = bucket;
      const source: EventSource = { bucketArn: `arn:aws:s3:::${name}`, accountId, region };
      await checkAll(destinations, (destination) => refusedHere(bucket, destination));
      if (input.SkipDestinationValidation !== true) {
        await checkAll(destinations, ({ arn }) => findDestination(environment, arn)?.validate(arn, source));
        // As on AWS: what does not take the test message does not become a destination.
        await checkAll(destinations, ({ arn }) => sendTest(bucket, arn, source, context));
      }
      if (section !== undefined || bucket.sections.notification !== undefined) {
        await configure(environment, bucket, "notification", section ?? null, context);
      }
      return {};
    },
  };
}
