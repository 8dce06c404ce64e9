/** What can go wrong with an image. The codes are those that an instance reports as the reason why it did not start. */

import { CodedError, defineErrors } from "#foundation/errors";

export const IMAGE_ERRORS = defineErrors({
  image_reference_invalid: {
    status: 400,
    retryable: false,
    message: "This is not an image reference. Write [registry/]repository[:tag][@sha256:digest].",
  },
  image_pull_failed: {
    status: 502,
    retryable: true,
    message: "The image could not be fetched. Check its name, the registry and the credentials.",
  },
  image_too_large: {
    status: 413,
    retryable: false,
    message: "The image is larger than this node allows. Make it smaller, or raise the limit.",
  },
  image_pull_timeout: {
    status: 504,
    retryable: true,
    message: "The image was not fetched in time. Try again: what has arrived is kept.",
  },
  image_layer_invalid: {
    status: 422,
    retryable: false,
    message: "The image is damaged or not well formed. Build and push it again.",
  },
  image_build_failed: {
    status: 422,
    retryable: false,
    message: "The directory cannot be made into an image.",
  },
});

export type ImageErrorCode = (typeof IMAGE_ERRORS.codes)[number];

/** Why a pull failed, for programs: `details.reason` of `image_pull_failed`. */
export type PullFailure =
  | "not_found"
  | "unauthorised"
  | "rate_limited"
  | "registry_error"
  | "unreachable"
  | "interrupted"
  | "insecure"
  | "platform_missing"
  | "unsupported";

const WORTH_REPEATING: ReadonlySet<PullFailure> = new Set([
  "rate_limited",
  "registry_error",
  "unreachable",
  "interrupted",
]);

/** An `image_pull_failed` that says why, and is retryable only where the same request may succeed later. */
export function pullFailed(reason: PullFailure, message: string, cause?: unknown): CodedError<"image_pull_failed"> {
  const spec = { ...IMAGE_ERRORS.spec("image_pull_failed"), retryable: WORTH_REPEATING.has(reason) };
  return new CodedError("image_pull_failed", spec, { message, details: { reason }, cause });
}

/** An `image_layer_invalid` with the rule that was broken. */
export function layerInvalid(message: string, cause?: unknown): CodedError<ImageErrorCode> {
  return IMAGE_ERRORS.error("image_layer_invalid", { message, cause });
}

/** An `image_too_large` that names the limit. */
export function tooLarge(limit: string, allowed: number): CodedError<ImageErrorCode> {
  return IMAGE_ERRORS.error("image_too_large", {
    message: `The image exceeds the limit of ${allowed} ${limit}.`,
    details: { limit, allowed },
  });
}
