/**
 * S3's error codes with their status and default message (Amazon S3 API Reference, "Error responses", "List of error codes").
 *
 * The service's model has only some twenty of them and gives most of those no status.
 */

import { AwsError, type AwsErrorOptions } from "../aws-error.ts";

const table = {
  AccessControlListNotSupported: [400, "The bucket does not allow ACLs"],
  AccessDenied: [403, "Access Denied"],
  AccessForbidden: [403, "CORSResponse: This CORS request is not allowed."],
  AccessPointAlreadyOwnedByYou: [409, "An access point with an identical name already exists in your account."],
  AccountProblem: [
    403,
    "There is a problem with your account that prevents the operation from completing successfully.",
  ],
  AllAccessDisabled: [403, "All access to this Amazon S3 resource has been disabled."],
  AmbiguousGrantByEmailAddress: [400, "The email address you provided is associated with more than one account."],
  AuthorizationHeaderMalformed: [400, "The authorization header that you provided is not valid."],
  AuthorizationQueryParametersError: [400, "The authorization query parameters that you provided are not valid."],
  BadDigest: [400, "The Content-MD5 or checksum value that you specified did not match what the server received."],
  BadRequest: [400, "Bad Request"],
  BucketAlreadyExists: [
    409,
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
  ],
  BucketAlreadyOwnedByYou: [409, "Your previous request to create the named bucket succeeded and you already own it."],
  BucketHasAccessPointsAttached: [400, "The bucket you are trying to delete has access points attached."],
  BucketNotEmpty: [409, "The bucket you tried to delete is not empty"],
  ClientTokenConflict: [409, "Your client token conflicts with one that was used before."],
  ConditionalRequestConflict: [
    409,
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
  ],
  ConnectionClosedByRequester: [400, "The requester closed the connection."],
  CredentialsNotSupported: [400, "This request does not support credentials."],
  CrossLocationLoggingProhibited: [403, "Cross-location logging not allowed."],
  EncryptionTypeMismatch: [
    400,
    "The encryption request that you specified is not valid: it does not match what the upload was created with.",
  ],
  EntityTooLarge: [400, "Your proposed upload exceeds the maximum allowed size"],
  EntityTooSmall: [400, "Your proposed upload is smaller than the minimum allowed size"],
  ExpiredToken: [400, "The provided token has expired."],
  IdempotencyParameterMismatch: [400, "The parameters do not match those of the first request with this token."],
  IllegalLocationConstraintException: [
    400,
    "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
  ],
  IllegalVersioningConfigurationException: [400, "The versioning configuration specified in the request is invalid."],
  IncompleteBody: [400, "You did not provide the number of bytes specified by the Content-Length HTTP header."],
  IncorrectEndpoint: [400, "The specified bucket exists in another Region. Direct requests to the correct endpoint."],
  IncorrectNumberOfFilesInPostRequest: [400, "POST requires exactly one file upload per request."],
  InlineDataTooLarge: [400, "The inline data exceeds the maximum allowed size."],
  InsufficientCapacity: [507, "There is not enough capacity to store the object."],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidAccessKeyId: [403, "The AWS Access Key Id you provided does not exist in our records."],
  InvalidAccessPoint: [400, "The specified access point name or account is not valid."],
  InvalidAddressingHeader: [400, "You must specify the Anonymous role."],
  InvalidArgument: [400, "Invalid Argument"],
  InvalidBucketAclWithObjectOwnership: [
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  ],
  InvalidBucketName: [400, "The specified bucket is not valid."],
  InvalidBucketOwnerAWSAccountID: [400, "The value of the expected bucket owner parameter must be an AWS account ID."],
  InvalidBucketState: [409, "The request is not valid with the current state of the bucket."],
  InvalidDigest: [400, "The Content-MD5 or checksum value that you specified is not valid."],
  InvalidEncryptionAlgorithmError: [
    400,
    "The encryption request that you specified is not valid. Supported values: AES256, aws:kms.",
  ],
  InvalidHostHeader: [400, "The host headers provided in the request used the incorrect style addressing."],
  InvalidHttpMethod: [400, "The request was made using an unexpected HTTP method."],
  InvalidLocationConstraint: [400, "The specified location-constraint is not valid"],
  InvalidObjectState: [403, "The operation is not valid for the object's storage class"],
  InvalidPart: [
    400,
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  ],
  InvalidPartNumber: [416, "The requested partnumber is not satisfiable"],
  InvalidPartOrder: [400, "The list of parts was not in ascending order. Parts must be ordered by part number."],
  InvalidPayer: [403, "All access to this object has been disabled."],
  InvalidPolicyDocument: [
    400,
    "The content of the form does not meet the conditions specified in the policy document.",
  ],
  InvalidPrefix: [400, "The specified prefix is not valid."],
  InvalidRange: [416, "The requested range is not satisfiable"],
  InvalidRegion: [403, "You've attempted to use a Region that is not valid."],
  InvalidRequest: [400, "Invalid Request"],
  InvalidSecurity: [403, "The provided security credentials are not valid."],
  InvalidSessionException: [400, "The session is not valid or has expired."],
  InvalidSignature: [
    400,
    "The request signature that the server calculated does not match the signature that you provided.",
  ],
  InvalidStorageClass: [400, "The storage class you specified is not valid"],
  InvalidTag: [400, "The tag provided was not a valid tag."],
  InvalidTargetBucketForLogging: [
    400,
    "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants.",
  ],
  InvalidToken: [400, "The provided token is malformed or otherwise invalid."],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  InvalidWriteOffset: [400, "The write offset value that you specified does not match the current object size."],
  KeyTooLongError: [400, "Your key is too long"],
  "KMS.DisabledException": [400, "The request was rejected because the specified KMS key is not enabled."],
  "KMS.InvalidKeyUsageException": [400, "The request was rejected because the KMS key cannot be used in this way."],
  "KMS.NotFoundException": [400, "The specified KMS key does not exist."],
  MalformedACLError: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MalformedPOSTRequest: [400, "The body of your POST request is not well-formed multipart/form-data."],
  MalformedPolicy: [400, "Policies must be valid JSON and the first byte must be '{'"],
  MalformedXML: [400, "The XML you provided was not well-formed or did not validate against our published schema"],
  MaxMessageLengthExceeded: [400, "Your request was too big."],
  MaxPostPreDataLengthExceededError: [400, "Your POST request fields preceding the upload file were too large."],
  MetadataTooLarge: [400, "Your metadata headers exceed the maximum allowed metadata size"],
  MethodNotAllowed: [405, "The specified method is not allowed against this resource."],
  MissingAttachment: [400, "A SOAP attachment was expected, but none were found."],
  MissingAuthenticationToken: [403, "The request was not signed."],
  MissingContentLength: [411, "You must provide the Content-Length HTTP header."],
  MissingRequestBodyError: [400, "Request Body is empty"],
  MissingSecurityElement: [400, "The SOAP 1.1 request is missing a security element."],
  MissingSecurityHeader: [400, "Your request was missing a required header"],
  NoLoggingStatusForKey: [400, "There is no such thing as a logging status subresource for a key."],
  NoSuchAccessPoint: [404, "The specified access point does not exist."],
  NoSuchAnnotation: [404, "The specified annotation does not exist."],
  NoSuchAsyncRequest: [404, "The specified request was not found."],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchBucketPolicy: [404, "The bucket policy does not exist"],
  NoSuchConfiguration: [404, "The specified configuration does not exist."],
  NoSuchCORSConfiguration: [404, "The CORS configuration does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NoSuchLifecycleConfiguration: [404, "The lifecycle configuration does not exist"],
  NoSuchObjectLockConfiguration: [404, "The specified object does not have a ObjectLock configuration"],
  NoSuchPublicAccessBlockConfiguration: [404, "The public access block configuration was not found"],
  NoSuchTagSet: [404, "The TagSet does not exist"],
  NoSuchUpload: [
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
  ],
  NoSuchVersion: [404, "The specified version does not exist."],
  NoSuchWebsiteConfiguration: [404, "The specified bucket does not have a website configuration"],
  NotDeviceOwnerError: [400, "The device that generated the token is not owned by the authenticated user."],
  NotFound: [404, "Not Found"],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
  NotModified: [304, "Not Modified"],
  NotSignedUp: [403, "Your account is not signed up for the Amazon S3 service."],
  ObjectAlreadyInActiveTierError: [403, "The object is already in the active tier and needs no restore."],
  ObjectLockConfigurationNotFoundError: [404, "Object Lock configuration does not exist for this bucket"],
  ObjectNotInActiveTierError: [403, "The source object of the COPY action is not in the active tier."],
  OperationAborted: [
    409,
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
  ],
  OwnershipControlsNotFoundError: [404, "The bucket ownership controls were not found"],
  PermanentRedirect: [
    301,
    "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
  ],
  PreconditionFailed: [412, "At least one of the pre-conditions you specified did not hold"],
  Redirect: [307, "Temporary redirect."],
  ReplicationConfigurationNotFoundError: [404, "The replication configuration was not found"],
  RequestExpired: [400, "Request has expired"],
  RequestHeaderSectionTooLarge: [400, "The request header and query parameters exceed the maximum allowed size."],
  RequestIsNotMultiPartContent: [412, "A bucket POST request must be of the enclosure-type multipart/form-data."],
  RequestTimeout: [
    400,
    "Your socket connection to the server was not read from or written to within the timeout period.",
  ],
  RequestTimeTooSkewed: [403, "The difference between the request time and the current time is too large."],
  RequestTorrentOfBucketError: [400, "Requesting the torrent file of a bucket is not permitted."],
  RestoreAlreadyInProgress: [409, "Object restore is already in progress"],
  ServerSideEncryptionConfigurationNotFoundError: [404, "The server side encryption configuration was not found"],
  ServiceUnavailable: [503, "Service is unable to handle request."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  TemporaryRedirect: [307, "You are being redirected to the bucket while the DNS server is being updated."],
  TokenCodeInvalidError: [400, "The serial number or token code that you provided is not valid."],
  TokenRefreshRequired: [400, "The provided token must be refreshed."],
  TooManyAccessPoints: [400, "You have attempted to create more access points than are allowed for an account."],
  TooManyBuckets: [400, "You have attempted to create more buckets than allowed"],
  TooManyParts: [400, "You have attempted to add more parts than are allowed."],
  UnauthorizedAccess: [403, "Access to this resource is not authorized."],
  UnexpectedContent: [400, "This request contains unsupported content."],
  UnresolvableGrantByEmailAddress: [400, "The email address you provided does not match any account on record."],
  UnsupportedArgument: [400, "The request contained an unsupported argument."],
  UnsupportedMediaType: [415, "The media type is not supported."],
  UnsupportedSignature: [400, "The request was signed with an algorithm that is not supported."],
  UserKeyMustBeSpecified: [
    400,
    "The bucket POST must contain the specified field name. If it is specified, check the order of the fields.",
  ],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>;

/** A code of S3's list. */
export type S3ErrorCode = keyof typeof table;

/** Every listed code. */
export const s3ErrorCodes = Object.keys(table) as readonly S3ErrorCode[];

/** The status of a code; undefined when S3's list does not have it. */
export function s3ErrorStatus(code: string): number | undefined {
  return isListed(code) ? table[code][0] : undefined;
}

/**
 * Makes an S3 error with the list's message and status.
 *
 * @example
 * throw s3Error("NoSuchKey", { fields: { Key: key } });
 */
export function s3Error(code: S3ErrorCode, options: AwsErrorOptions & { readonly message?: string } = {}): AwsError {
  const { message, ...others } = options;
  const [statusCode, defaultMessage] = table[code];
  return new AwsError(code, message ?? defaultMessage, { statusCode, ...others });
}

function isListed(code: string): code is S3ErrorCode {
  return Object.hasOwn(table, code);
}
