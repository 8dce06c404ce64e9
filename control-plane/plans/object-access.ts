/**
 * Access to the objects in which the cloud keeps an org's releases and backups: temporary AWS credentials that can do just that. They are sealed claims, recorded nowhere, and
 * need nothing but the catalog where they are shown.
 */
import {
  type AccountId,
  CLOUD_BUCKET_PREFIX,
  type ControlPlaneId,
  type EventId,
  type ObjectAccess,
  type Region,
  SESSION_KEY_PURPOSE,
  type SessionClaims,
} from "#contracts";
import type { CatalogReader } from "#control-plane/events";
import { deriveSealingKey, type SealingKey, seal } from "#foundation/crypto";
import { newAccessKeyId, newSecretAccessKey, type AccountId as PlainAccountId } from "#foundation/ids";
import type { Clock, Random } from "#foundation/runtime";

/** No data plane that keeps objects is connected, or the bucket cannot be made. */
export class ObjectStoreUnavailable extends Error {
  override readonly name = "ObjectStoreUnavailable";
}

/** What the credentials are for. */
export type ObjectArea =
  /** To put the blobs of a release there. */
  | { readonly area: "upload" }
  /** To read them. */
  | { readonly area: "releases" }
  /** To write, read and delete backups of one volume. */
  | { readonly area: "backups"; readonly volumeId: string };

export interface ObjectAccessOptions {
  readonly core: {
    readonly controlPlaneId: ControlPlaneId;
    readonly views: CatalogReader;
    readonly sealingKey: SealingKey;
    execute(
      command: {
        readonly type: "bucket.create";
        readonly accountId: AccountId;
        readonly name: string;
        readonly region: Region;
        readonly objectLockEnabled: boolean;
        readonly sections: Record<string, never>;
      },
      origin: { readonly actor: string; readonly requestId: string },
    ): Promise<{ readonly ok: true; readonly eventId: EventId } | { readonly ok: false; readonly message: string }>;
  };
  readonly clock: Clock;
  readonly random: Random;
  /** Of the data plane that keeps objects: its URL. One that is not connected is waited for, for a while; undefined when it does not come. */
  readonly endpoint: () => Promise<string | undefined>;
  /** Resolves when that data plane knows everything up to the event, or does not within a moment. */
  readonly whenApplied: (eventId: EventId) => Promise<void>;
  readonly region: Region;
}

const LIFETIME_MS = 60 * 60 * 1000;

const ACTIONS = {
  upload: ["s3:PutObject", "s3:GetObject"],
  releases: ["s3:GetObject"],
  backups: [
    "s3:PutObject",
    "s3:GetObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
  ],
} as const;

/** @throws ObjectStoreUnavailable */
export type GiveObjectAccess = (accountId: AccountId, area: ObjectArea) => Promise<ObjectAccess>;

export function createObjectAccess(options: ObjectAccessOptions): GiveObjectAccess {
  const { core, clock, random } = options;
  const key = deriveSealingKey(core.sealingKey, SESSION_KEY_PURPOSE);

  /** Makes the org's bucket if it is not there. */
  const ensureBucket = async (accountId: AccountId, name: string): Promise<Region> => {
    const existing = core.views.bucket(name);
    if (existing !== undefined) {
      if (existing.accountId === accountId) return existing.region;
      throw new ObjectStoreUnavailable(`the bucket ${name} belongs to another org`);
    }
    const command = {
      type: "bucket.create",
      accountId,
      name,
      region: options.region,
      objectLockEnabled: false,
      sections: {},
    } as const;
    const outcome = await core.execute(command, { actor: "system:platform", requestId: "platform-bucket" });
    if (!outcome.ok) throw new ObjectStoreUnavailable(`the bucket ${name} could not be made: ${outcome.message}`);
    await options.whenApplied(outcome.eventId);
    return options.region;
  };

  return async (accountId, area) => {
    const endpoint = await options.endpoint();
    if (endpoint === undefined) throw new ObjectStoreUnavailable("no data plane that keeps objects is connected");
    const bucket = `${CLOUD_BUCKET_PREFIX}${accountId}`;
    const region = await ensureBucket(accountId, bucket);
    const prefix = area.area === "backups" ? `backups/${area.volumeId}/` : "releases/";
    const accessKeyId = newAccessKeyId("ASIA", accountId as string as PlainAccountId, random);
    const issuedAt = clock.now();
    const claims: SessionClaims = {
      accessKeyId,
      secretAccessKey: newSecretAccessKey(random),
      principal: { type: "cloud", accountId, purpose: area.area },
      issuedAt,
      expiresAt: issuedAt + LIFETIME_MS,
      policies: [policyOf(bucket, prefix, ACTIONS[area.area])],
    };
    return {
      endpoint,
      region,
      bucket,
      prefix,
      accessKeyId,
      secretAccessKey: claims.secretAccessKey,
      sessionToken: seal(key, JSON.stringify(claims), accessKeyId, random),
      expiresAt: claims.expiresAt,
    };
  };
}

/** Listing is allowed so that an object which is not there is answered 404 and not 403 (S3 API Reference, HeadObject). */
function policyOf(bucket: string, prefix: string, actions: readonly string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: actions, Resource: `arn:aws:s3:::${bucket}/${prefix}*` },
      { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${bucket}` },
    ],
  });
}
