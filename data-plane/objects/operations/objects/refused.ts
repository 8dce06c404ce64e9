/** Operations that S3 has and that have no meaning here: answered with the error that S3 gives where they do not apply. */
import { methodNotAllowed, s3Error } from "../../errors.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import { findVersion } from "./find-version.ts";

/** All storage classes that are accepted can be read at once: there is nothing to restore. */
export const restoreObject =
  (tools: Toolbox): Handler<"RestoreObject"> =>
  async (input, context) => {
    const version = await findVersion(tools, tools.access.bucket(input.Bucket), input, context);
    throw s3Error("InvalidObjectState", 403, "Restore is not allowed for the object's current storage class", {
      StorageClass: version.headers.storageClass ?? "STANDARD",
    });
  };

/** As AWS answers accounts that never used S3 Select. */
export const selectObjectContent =
  (tools: Toolbox): Handler<"SelectObjectContent"> =>
  async (input, context) => {
    await findVersion(tools, tools.access.bucket(input.Bucket), input, context);
    throw methodNotAllowed("POST", "OBJECT");
  };

/** BitTorrent was withdrawn in 2022. */
export const getObjectTorrent =
  (tools: Toolbox): Handler<"GetObjectTorrent"> =>
  async (input, context) => {
    await findVersion(tools, tools.access.bucket(input.Bucket), input, context);
    throw methodNotAllowed("GET", "TORRENT");
  };
