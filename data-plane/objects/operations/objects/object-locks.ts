/** Retention and legal hold of one version. */
import { invalidRequest, malformedXml, s3Error } from "../../errors.ts";
import { announcementOf } from "../../notifications/announce.ts";
import { assertFuture, isRetentionMode } from "../../rules/object-lock.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import { findVersion } from "./find-version.ts";

function assertLockEnabled(view: BucketView): void {
  if (!view.record.objectLockEnabled) throw invalidRequest("Bucket is missing Object Lock Configuration");
}

const noSuchLock = () =>
  s3Error("NoSuchObjectLockConfiguration", 404, "The specified object does not have a ObjectLock configuration");

export const getObjectRetention =
  (tools: Toolbox): Handler<"GetObjectRetention"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertLockEnabled(view);
    const { lock } = await findVersion(tools, view, input, context);
    if (lock.mode === undefined || lock.retainUntil === undefined) throw noSuchLock();
    return { Retention: { Mode: lock.mode, RetainUntilDate: new Date(lock.retainUntil) } };
  };

export const putObjectRetention =
  (tools: Toolbox): Handler<"PutObjectRetention"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertLockEnabled(view);
    const version = await findVersion(tools, view, input, context);
    const { Mode: mode, RetainUntilDate: until } = input.Retention ?? {};
    if ((mode === undefined) !== (until === undefined)) throw malformedXml();
    if (mode !== undefined && !isRetentionMode(mode)) throw malformedXml();
    if (until !== undefined) assertFuture(until, context.now);
    let bypassGovernance = false;
    if (input.BypassGovernanceRetention === true) {
      context.authorize(await tools.access.ask("s3:BypassGovernanceRetention", view, input, context, version));
      bypassGovernance = true;
    }
    await tools.engine.update({
      bucketId: view.record.bucketId,
      key: input.Key,
      versionId: input.VersionId,
      set: {
        retention: mode === undefined || until === undefined ? null : { mode, retainUntil: until.getTime() },
      },
      bypassGovernance,
      announce: announcementOf(tools.catalog, view, "ObjectRetention:Put", input.Key, context),
    });
    return {};
  };

export const getObjectLegalHold =
  (tools: Toolbox): Handler<"GetObjectLegalHold"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertLockEnabled(view);
    const { lock } = await findVersion(tools, view, input, context);
    if (lock.legalHold === undefined) throw noSuchLock();
    return { LegalHold: { Status: lock.legalHold ? "ON" : "OFF" } };
  };

export const putObjectLegalHold =
  (tools: Toolbox): Handler<"PutObjectLegalHold"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertLockEnabled(view);
    await findVersion(tools, view, input, context);
    const status = input.LegalHold?.Status;
    if (status !== "ON" && status !== "OFF") throw malformedXml();
    await tools.engine.update({
      bucketId: view.record.bucketId,
      key: input.Key,
      versionId: input.VersionId,
      set: { legalHold: status === "ON" },
    });
    return {};
  };
