/** CreateMultipartUpload and AbortMultipartUpload. */
import type { S3 } from "#foundation/aws";
import { notImplemented } from "../../errors.ts";
import { answerEncryption, encryptionForWrite, isConfidential } from "../../rules/encryption.ts";
import { assertObjectKey } from "../../rules/keys.ts";
import { abortOf } from "../../rules/lifecycle/plan.ts";
import { uploadChecksum } from "../../rules/multipart-checksum.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { attributesOfNew } from "../objects/new-object.ts";

export const createMultipartUpload =
  (tools: Toolbox): Handler<"CreateMultipartUpload"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    assertObjectKey(input.Key);
    if (input.ObjectLockEventHold !== undefined) {
      throw notImplemented("Event holds are not implemented.", "x-amz-object-lock-event-hold");
    }
    const checksum = uploadChecksum(input.ChecksumAlgorithm, input.ChecksumType);
    const encryption = encryptionForWrite(input, view.encryptsByDefault, isConfidential(context.request));
    const { caller } = context;
    const initiator =
      caller.type === "anonymous"
        ? { id: "anonymous", displayName: "anonymous" }
        : {
            id: caller.type === "root" ? caller.canonicalUserId : caller.arn,
            // The user, or the name of the session.
            displayName: caller.type === "root" ? "root" : caller.arn.slice(caller.arn.lastIndexOf("/") + 1),
          };
    const upload = await tools.engine.createUpload(view.record.bucketId, input.Key, {
      ...attributesOfNew(tools, view, input, context),
      encryption,
      checksumAlgorithm: checksum?.algorithm,
      checksumType: checksum?.type,
      initiator,
    });
    const abort = abortOf(view.lifecycle, upload);
    const output: Draft<S3.CreateMultipartUploadOutput> = {
      Bucket: view.record.name,
      Key: input.Key,
      UploadId: upload.uploadId,
      ChecksumAlgorithm: checksum?.algorithm,
      ChecksumType: checksum?.type,
      AbortDate: abort === undefined ? undefined : new Date(abort.at),
      AbortRuleId: abort?.ruleId,
    };
    answerEncryption(output, upload.encryption);
    return output;
  };

export const abortMultipartUpload =
  (tools: Toolbox): Handler<"AbortMultipartUpload"> =>
  async (input) => {
    const view = tools.access.bucket(input.Bucket);
    await tools.engine.abortUpload(view.record.bucketId, input.Key, input.UploadId);
    return {};
  };
