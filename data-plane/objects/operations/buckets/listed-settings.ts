/**
 * Configurations of which a bucket has many, by id: inventory, analytics, metrics, intelligent tiering.
 *
 * They are kept and listed, as tools expect that manage them. Reports are not produced, and the parity table says so.
 */
import type { BucketRecord, BucketSection } from "#contracts";
import type { S3 } from "#foundation/aws";
import { invalidArgument, malformedXml, s3Error } from "../../errors.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";
import { bucketOf, configure } from "./configure.ts";
import type { Handlers } from "./handlers.ts";

/** S3 User Guide: 1,000 configurations of a kind in a bucket. */
const CONFIGURATIONS_MAX = 1_000;
/** One page of a listing, as S3 gives. */
const PAGE = 100;
const ID_LENGTH_MAX = 64;

type Kind = Extract<BucketSection, "inventory" | "analytics" | "metrics" | "intelligentTiering">;
type ById<Shape> = Readonly<Record<string, Shape>>;
type Input = { readonly Bucket: string; readonly ExpectedBucketOwner?: string };
type Context = Parameters<typeof configure>[4];

/** Reading and writing one kind. */
function kindOf<Shape extends { readonly Id: string }>(environment: ObjectsEnvironment, kind: Kind) {
  const all = (bucket: BucketRecord): ById<Shape> => (bucket.sections[kind] as ById<Shape> | undefined) ?? {};
  const get = (input: Input & { readonly Id: string }): Shape => {
    const bucket = bucketOf(environment, input);
    const found = Object.hasOwn(all(bucket), input.Id) ? all(bucket)[input.Id] : undefined;
    if (found === undefined) {
      throw s3Error("NoSuchConfiguration", 404, "The specified configuration does not exist.", {
        BucketName: bucket.name,
      });
    }
    return found;
  };
  return {
    get,
    async put(
      input: Input & { readonly Id: string },
      value: Shape | undefined,
      context: Context,
    ): Promise<Record<string, never>> {
      const bucket = bucketOf(environment, input);
      if (value === undefined) throw malformedXml();
      if (value.Id !== input.Id)
        throw invalidArgument("The Id in the configuration differs from the one in the request.", "Id", value.Id);
      if (!/^[a-zA-Z0-9._-]+$/.test(value.Id) || value.Id.length > ID_LENGTH_MAX)
        throw s3Error("InvalidConfigurationId", 400, "The specified configuration id is invalid.");
      const others = all(bucket);
      if (!Object.hasOwn(others, value.Id) && Object.keys(others).length >= CONFIGURATIONS_MAX) {
        throw s3Error(
          "TooManyConfigurations",
          400,
          "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.",
        );
      }
      await configure(environment, bucket, kind, { ...others, [value.Id]: value }, context);
      return {};
    },
    async remove(input: Input & { readonly Id: string }, context: Context): Promise<Record<string, never>> {
      get(input);
      const bucket = bucketOf(environment, input);
      const { [input.Id]: _removed, ...rest } = all(bucket);
      await configure(environment, bucket, kind, Object.keys(rest).length === 0 ? null : rest, context);
      return {};
    },
    list(input: Input & { readonly ContinuationToken?: string }) {
      const after =
        input.ContinuationToken === undefined ? "" : Buffer.from(input.ContinuationToken, "base64url").toString();
      const ids = Object.keys(all(bucketOf(environment, input)))
        .filter((id) => id > after)
        .sort();
      const page = ids.slice(0, PAGE);
      const truncated = ids.length > page.length;
      const values = all(bucketOf(environment, input));
      return {
        values: page.map((id) => values[id]!),
        paging: {
          IsTruncated: truncated,
          ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
          ...(truncated ? { NextContinuationToken: Buffer.from(page.at(-1) ?? "").toString("base64url") } : {}),
        },
      };
    },
  };
}

type Names =
  | "GetBucketInventoryConfiguration"
  | "PutBucketInventoryConfiguration"
  | "DeleteBucketInventoryConfiguration"
  | "ListBucketInventoryConfigurations"
  | "GetBucketAnalyticsConfiguration"
  | "PutBucketAnalyticsConfiguration"
  | "DeleteBucketAnalyticsConfiguration"
  | "ListBucketAnalyticsConfigurations"
  | "GetBucketMetricsConfiguration"
  | "PutBucketMetricsConfiguration"
  | "DeleteBucketMetricsConfiguration"
  | "ListBucketMetricsConfigurations"
  | "GetBucketIntelligentTieringConfiguration"
  | "PutBucketIntelligentTieringConfiguration"
  | "DeleteBucketIntelligentTieringConfiguration"
  | "ListBucketIntelligentTieringConfigurations";

export function bucketListedSettingHandlers(environment: ObjectsEnvironment): Handlers<Names> {
  const inventory = kindOf<S3.InventoryConfiguration>(environment, "inventory");
  const analytics = kindOf<S3.AnalyticsConfiguration>(environment, "analytics");
  const metrics = kindOf<S3.MetricsConfiguration>(environment, "metrics");
  const tiering = kindOf<S3.IntelligentTieringConfiguration>(environment, "intelligentTiering");
  return {
    GetBucketInventoryConfiguration: (input) => ({ InventoryConfiguration: inventory.get(input) }),
    PutBucketInventoryConfiguration: (input, context) => inventory.put(input, input.InventoryConfiguration, context),
    DeleteBucketInventoryConfiguration: (input, context) => inventory.remove(input, context),
    ListBucketInventoryConfigurations(input) {
      const { values, paging } = inventory.list(input);
      return { ...paging, ...(values.length === 0 ? {} : { InventoryConfigurationList: values }) };
    },
    GetBucketAnalyticsConfiguration: (input) => ({ AnalyticsConfiguration: analytics.get(input) }),
    PutBucketAnalyticsConfiguration: (input, context) => analytics.put(input, input.AnalyticsConfiguration, context),
    DeleteBucketAnalyticsConfiguration: (input, context) => analytics.remove(input, context),
    ListBucketAnalyticsConfigurations(input) {
      const { values, paging } = analytics.list(input);
      return { ...paging, ...(values.length === 0 ? {} : { AnalyticsConfigurationList: values }) };
    },
    GetBucketMetricsConfiguration: (input) => ({ MetricsConfiguration: metrics.get(input) }),
    PutBucketMetricsConfiguration: (input, context) => metrics.put(input, input.MetricsConfiguration, context),
    DeleteBucketMetricsConfiguration: (input, context) => metrics.remove(input, context),
    ListBucketMetricsConfigurations(input) {
      const { values, paging } = metrics.list(input);
      return { ...paging, ...(values.length === 0 ? {} : { MetricsConfigurationList: values }) };
    },
    GetBucketIntelligentTieringConfiguration: (input) => ({ IntelligentTieringConfiguration: tiering.get(input) }),
    PutBucketIntelligentTieringConfiguration: (input, context) =>
      tiering.put(input, input.IntelligentTieringConfiguration, context),
    DeleteBucketIntelligentTieringConfiguration: (input, context) => tiering.remove(input, context),
    ListBucketIntelligentTieringConfigurations(input) {
      const { values, paging } = tiering.list(input);
      return { ...paging, ...(values.length === 0 ? {} : { IntelligentTieringConfigurationList: values }) };
    },
  };
}
