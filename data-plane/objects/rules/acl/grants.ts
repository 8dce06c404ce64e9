/** Access control lists: canned ACLs, grant headers and bodies, as one form (Amazon S3 user guide, "Access control list (ACL) overview"). */
import { invalidArgument, malformedXml, s3Error } from "../../errors.ts";

export const ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers";
export const AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
export const LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const GROUPS: ReadonlySet<string> = new Set([ALL_USERS, AUTHENTICATED_USERS, LOG_DELIVERY]);

export type Permission = "FULL_CONTROL" | "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP";
const PERMISSIONS: ReadonlySet<string> = new Set(["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"]);

export type Grantee =
  | { readonly Type: "CanonicalUser"; readonly ID: string }
  | { readonly Type: "Group"; readonly URI: string };

export interface Grant {
  readonly Grantee: Grantee;
  readonly Permission: Permission;
}

/** `AccessControlPolicy`, with everything filled in. IDs are canonical user ids. */
export interface AccessControl {
  readonly Owner: { readonly ID: string };
  readonly Grants: readonly Grant[];
}

/** S3 takes at most 100 grants in one list. */
const GRANTS_MAX = 100;

/** What an ACL belongs to decides which canned ACLs there are. */
export type AclTarget = "bucket" | "object";

/** The parties that canned ACLs speak of: the owner of the thing, and (for objects) the owner of its bucket. */
export interface AclParties {
  readonly owner: string;
  readonly bucketOwner: string;
}

const user = (ID: string, Permission: Permission): Grant => ({ Grantee: { Type: "CanonicalUser", ID }, Permission });
const group = (URI: string, Permission: Permission): Grant => ({ Grantee: { Type: "Group", URI }, Permission });

/** The ACL of something on which none was put: its owner has full control. */
export const ownerOnly = (owner: string): AccessControl => ({
  Owner: { ID: owner },
  Grants: [user(owner, "FULL_CONTROL")],
});

/**
 * Expands a canned ACL.
 * @throws AwsError InvalidArgument for a name that is none
 */
export function cannedAcl(name: string, target: AclTarget, parties: AclParties): AccessControl {
  const owner = user(parties.owner, "FULL_CONTROL");
  const list = (...more: readonly Grant[]): AccessControl => ({
    Owner: { ID: parties.owner },
    Grants: [owner, ...more],
  });
  const foreign = parties.owner !== parties.bucketOwner;
  switch (name) {
    case "private":
    // aws-exec-read lets EC2 read AMI bundles: there is no such service here, so that it grants nothing more.
    case "aws-exec-read":
      return list();
    case "public-read":
      return list(group(ALL_USERS, "READ"));
    case "public-read-write":
      return list(group(ALL_USERS, "READ"), group(ALL_USERS, "WRITE"));
    case "authenticated-read":
      return list(group(AUTHENTICATED_USERS, "READ"));
    case "bucket-owner-read":
      return target === "object" && foreign ? list(user(parties.bucketOwner, "READ")) : list();
    case "bucket-owner-full-control":
      return target === "object" && foreign ? list(user(parties.bucketOwner, "FULL_CONTROL")) : list();
    case "log-delivery-write":
      return list(group(LOG_DELIVERY, "WRITE"), group(LOG_DELIVERY, "READ_ACP"));
    default:
      throw invalidArgument("", "x-amz-acl", name);
  }
}

/** The five `x-amz-grant-*` headers. */
export interface GrantHeaders {
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
}

const HEADERS = [
  ["GrantFullControl", "FULL_CONTROL", "x-amz-grant-full-control"],
  ["GrantRead", "READ", "x-amz-grant-read"],
  ["GrantReadACP", "READ_ACP", "x-amz-grant-read-acp"],
  ["GrantWrite", "WRITE", "x-amz-grant-write"],
  ["GrantWriteACP", "WRITE_ACP", "x-amz-grant-write-acp"],
] as const satisfies readonly (readonly [keyof GrantHeaders, Permission, string])[];

/** Whether any grant header is present. */
export function hasGrantHeaders(headers: GrantHeaders): boolean {
  return HEADERS.some(([member]) => headers[member] !== undefined);
}

const GRANTEE = /^\s*(id|uri|emailAddress)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^,"']*))\s*$/i;

function parseGrantee(text: string, header: string, isKnownUser: (canonicalId: string) => boolean): Grantee {
  const match = GRANTEE.exec(text);
  const value = (match?.[2] ?? match?.[3] ?? match?.[4] ?? "").trim();
  switch (match?.[1]?.toLowerCase()) {
    case "id":
      if (!isKnownUser(value)) throw invalidArgument("Invalid id", header, value);
      return { Type: "CanonicalUser", ID: value };
    case "uri":
      if (!GROUPS.has(value)) throw invalidArgument("Invalid group uri", header, value);
      return { Type: "Group", URI: value };
    case "emailaddress":
      throw unresolvableEmail(value);
    default:
      throw invalidArgument("Argument format not recognized", header, text);
  }
}

/** Accounts here have no e-mail address, so that none can be found by one. */
const unresolvableEmail = (address: string) =>
  s3Error(
    "UnresolvableGrantByEmailAddress",
    400,
    "The e-mail address you provided does not match any account on record.",
    {
      EmailAddress: address,
    },
  );

/**
 * Reads the grant headers: `id="…", uri="…"`. The owner gets nothing that is not said.
 * @param isKnownUser whether a canonical user id belongs to an account
 */
export function grantsFromHeaders(
  headers: GrantHeaders,
  owner: string,
  isKnownUser: (canonicalId: string) => boolean,
): AccessControl {
  const grants: Grant[] = [];
  for (const [member, permission, name] of HEADERS) {
    const header = headers[member];
    if (header === undefined) continue;
    for (const entry of header.split(",")) {
      grants.push({ Grantee: parseGrantee(entry, name, isKnownUser), Permission: permission });
    }
  }
  if (grants.length > GRANTS_MAX) throw tooManyGrants();
  return { Owner: { ID: owner }, Grants: grants };
}

const tooManyGrants = () => invalidArgument(`An ACL cannot hold more than ${GRANTS_MAX} grants`, "Grants");

/** A body as it was decoded: anything may be missing. */
export interface LooseAccessControl {
  readonly Owner?: { readonly ID?: string | undefined } | undefined;
  readonly Grants?:
    | readonly {
        readonly Permission?: string | undefined;
        readonly Grantee?:
          | {
              readonly Type?: string | undefined;
              readonly ID?: string | undefined;
              readonly URI?: string | undefined;
              readonly EmailAddress?: string | undefined;
            }
          | undefined;
      }[]
    | undefined;
}

const isPermission = (text: string | undefined): text is Permission => text !== undefined && PERMISSIONS.has(text);

/**
 * Checks the body of PutBucketAcl and PutObjectAcl.
 * @throws AwsError MalformedACLError, InvalidArgument, AccessDenied when it names another owner
 */
export function validateAccessControl(
  body: LooseAccessControl,
  owner: string,
  isKnownUser: (canonicalId: string) => boolean,
): AccessControl {
  if (body.Owner?.ID === undefined) throw malformedAcl();
  if (body.Owner.ID !== owner) throw s3Error("AccessDenied", 403, "Access Denied");
  const grants: Grant[] = [];
  for (const grant of body.Grants ?? []) {
    if (!isPermission(grant.Permission) || grant.Grantee === undefined) throw malformedAcl();
    const { Type, ID, URI, EmailAddress } = grant.Grantee;
    if (Type === "AmazonCustomerByEmail" || EmailAddress !== undefined) throw unresolvableEmail(EmailAddress ?? "");
    if (Type === "Group") {
      if (URI === undefined) throw malformedAcl();
      if (!GROUPS.has(URI)) throw invalidArgument("Invalid group uri", "Group/URI", URI);
      grants.push({ Grantee: { Type: "Group", URI }, Permission: grant.Permission });
    } else if (Type === "CanonicalUser") {
      if (ID === undefined) throw malformedAcl();
      if (!isKnownUser(ID)) throw invalidArgument("Invalid id", "CanonicalUser/ID", ID);
      grants.push({ Grantee: { Type: "CanonicalUser", ID }, Permission: grant.Permission });
    } else {
      throw Type === undefined ? malformedAcl() : malformedXml();
    }
  }
  if (grants.length > GRANTS_MAX) throw tooManyGrants();
  return { Owner: { ID: owner }, Grants: grants };
}

const malformedAcl = () =>
  s3Error(
    "MalformedACLError",
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
