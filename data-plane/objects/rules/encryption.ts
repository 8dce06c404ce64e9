/** Server-side encryption: what headers ask for and what a read must bring along (Amazon S3 user guide, "Protecting data with encryption"). */
import { createHash } from "node:crypto";
import type { S3 } from "#foundation/aws";
import type { Encryption, EncryptionRequest } from "../engine/port.ts";
import { accessDenied, invalidArgument, invalidRequest, notImplemented, s3Error } from "../errors.ts";

const CUSTOMER_KEY_BYTES = 32;
const CUSTOMER_ALGORITHM = "AES256";

/** The three headers of SSE-C. */
export interface CustomerKeyHeaders {
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

/** The headers of a write. */
export interface EncryptionHeaders extends CustomerKeyHeaders {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
}

/** A customer's key, checked against its MD5. */
export interface CustomerKey {
  readonly key: Uint8Array;
  /** Base64. */
  readonly keyMd5: string;
}

const NONE: EncryptionRequest = { mode: "none" };
const SSE_S3: EncryptionRequest = { mode: "SSE-S3" };
const ABOUT = "Requests specifying Server Side Encryption with Customer provided keys must";

/**
 * Reads and checks a customer's key.
 *
 * @param confidential the key did not cross a network in the clear
 * @returns undefined when none of the headers is there
 * @throws AwsError InvalidArgument, InvalidRequest, InvalidEncryptionAlgorithmError
 */
export function customerKey(headers: CustomerKeyHeaders, confidential: boolean): CustomerKey | undefined {
  const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = headers;
  if (SSECustomerAlgorithm === undefined && SSECustomerKey === undefined && SSECustomerKeyMD5 === undefined) {
    return undefined;
  }
  if (!confidential) throw invalidRequest(`${ABOUT} be made over a secure connection.`);
  if (SSECustomerAlgorithm === undefined) {
    throw invalidArgument(`${ABOUT} provide a valid encryption algorithm.`, "x-amz-server-side-encryption");
  }
  if (SSECustomerAlgorithm !== CUSTOMER_ALGORITHM) {
    throw s3Error(
      "InvalidEncryptionAlgorithmError",
      400,
      "The Encryption request you specified is not valid. Supported value: AES256.",
      { ArgumentName: "x-amz-server-side-encryption-customer-algorithm", ArgumentValue: SSECustomerAlgorithm },
    );
  }
  if (SSECustomerKey === undefined) {
    throw invalidArgument(`${ABOUT} provide an appropriate secret key.`, "x-amz-server-side-encryption-customer-key");
  }
  if (SSECustomerKeyMD5 === undefined) {
    throw invalidArgument(
      `${ABOUT} provide the client calculated MD5 of the secret key.`,
      "x-amz-server-side-encryption-customer-key-MD5",
    );
  }
  const key = Buffer.from(SSECustomerKey, "base64");
  if (key.length !== CUSTOMER_KEY_BYTES) {
    throw invalidArgument(
      "The secret key was invalid for the specified algorithm.",
      "x-amz-server-side-encryption-customer-key",
    );
  }
  const keyMd5 = createHash("md5").update(key).digest("base64");
  if (keyMd5 !== SSECustomerKeyMD5) {
    throw invalidArgument(
      "The calculated MD5 hash of the key did not match the hash that was provided.",
      "x-amz-server-side-encryption-customer-key-MD5",
    );
  }
  return { key, keyMd5 };
}

/**
 * The encryption of a new object.
 *
 * @param encryptsByDefault the bucket encrypts objects that ask for nothing
 * @throws AwsError as {@link customerKey}; NotImplemented for keys of KMS
 */
export function encryptionForWrite(
  headers: EncryptionHeaders,
  encryptsByDefault: boolean,
  confidential: boolean,
): EncryptionRequest {
  const { ServerSideEncryption: method } = headers;
  const customer = customerKey(headers, confidential);
  if (customer !== undefined) {
    if (method !== undefined) {
      throw invalidArgument(
        "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
        "x-amz-server-side-encryption",
        method,
      );
    }
    return { mode: "SSE-C", key: customer.key, keyMd5: customer.keyMd5 };
  }
  if (method === undefined) {
    if (headers.SSEKMSKeyId !== undefined) throw kmsMissing();
    return encryptsByDefault ? SSE_S3 : NONE;
  }
  if (method === "AES256") {
    if (headers.SSEKMSKeyId !== undefined) {
      throw invalidArgument(
        "Server Side Encryption with AWS KMS managed key is incompatible with the encryption method specified",
        "x-amz-server-side-encryption",
        method,
      );
    }
    return SSE_S3;
  }
  if (method.startsWith("aws:")) throw kmsMissing();
  throw invalidArgument("The encryption method specified is not supported", "x-amz-server-side-encryption", method);
}

const kmsMissing = () =>
  notImplemented(
    "Server-side encryption with AWS KMS keys is not implemented: this cloud has no key service. Use AES256 or a customer-provided key.",
    "x-amz-server-side-encryption",
  );

/**
 * The key that a read of this object needs.
 *
 * @throws AwsError InvalidRequest when a key is missing or out of place; AccessDenied for another key
 */
export function keyForRead(
  encryption: Encryption,
  headers: CustomerKeyHeaders,
  confidential: boolean,
): Uint8Array | undefined {
  const customer = customerKey(headers, confidential);
  if (encryption.mode !== "SSE-C") {
    if (customer !== undefined) throw invalidRequest("The encryption parameters are not applicable to this object.");
    return undefined;
  }
  if (customer === undefined) {
    throw invalidRequest(
      "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
    );
  }
  if (customer.keyMd5 !== encryption.keyMd5) throw accessDenied();
  return customer.key;
}

/** The members that say how an object is encrypted. */
export interface EncryptionOutput {
  ServerSideEncryption?: S3.ServerSideEncryption;
  SSECustomerAlgorithm?: string;
  SSECustomerKeyMD5?: string;
}

export function answerEncryption(output: EncryptionOutput, encryption: Encryption): void {
  if (encryption.mode === "SSE-S3") output.ServerSideEncryption = "AES256";
  if (encryption.mode === "SSE-C") {
    output.SSECustomerAlgorithm = CUSTOMER_ALGORITHM;
    output.SSECustomerKeyMD5 = encryption.keyMd5;
  }
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** TLS, or a connection that never leaves the machine: AWS demands HTTPS for customer keys, because they travel with the request. */
export const isConfidential = (request: { readonly secure: boolean; readonly remoteAddress: string }): boolean =>
  request.secure || LOOPBACK.test(request.remoteAddress);
