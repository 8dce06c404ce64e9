/** What the front door has to know of each service besides its model. */
import type { ServiceName } from "#foundation/aws";
import type { SignatureErrorDialect } from "#foundation/aws/sigv4";

export interface ServiceFacts {
  /** How the service words refused signatures, in the protocol of its current SDKs. */
  readonly dialect: SignatureErrorDialect;
  /** Names that clients put into the credential scope. */
  readonly signingNames: readonly string[];
  /**
   * Which operations a request without credentials may reach: all of them (then policies and ACLs decide), or those that bring a proof of
   * another kind.
   */
  readonly anonymous: "all" | ReadonlySet<string>;
  /** Largest body of an operation whose input is a document, in bytes. */
  readonly documentBytesMax: number;
  /** Long answers are compressed for clients that ask for it. */
  readonly compresses?: true;
}

const KIB = 1024;
const MIB = 1024 * KIB;

const NONE: ReadonlySet<string> = new Set();
/** A token of an outside provider is the credential. */
const BY_TOKEN: ReadonlySet<string> = new Set(["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]);

export const SERVICE_FACTS: Readonly<Record<ServiceName, ServiceFacts>> = {
  // DeleteObjects with 1,000 keys of 1,024 bytes, each escaped to at most 6 characters a byte, is just under 8 MiB.
  s3: { dialect: "s3", signingNames: ["s3"], anonymous: "all", documentBytesMax: 8 * MIB },
  // BatchWriteItem: 16 MB of items.
  dynamodb: {
    dialect: "json",
    signingNames: ["dynamodb"],
    anonymous: NONE,
    documentBytesMax: 17 * MIB,
    compresses: true,
  },
  "dynamodb-streams": {
    dialect: "json",
    signingNames: ["dynamodb"],
    anonymous: NONE,
    documentBytesMax: MIB,
    compresses: true,
  },
  // 1 MiB of messages, as JSON or form text.
  sqs: { dialect: "rest-json", signingNames: ["sqs"], anonymous: "all", documentBytesMax: 4 * MIB },
  // 50 MB of zipped code in base64.
  lambda: { dialect: "rest-json", signingNames: ["lambda"], anonymous: NONE, documentBytesMax: 70 * MIB },
  elbv2: { dialect: "query", signingNames: ["elasticloadbalancing"], anonymous: NONE, documentBytesMax: MIB },
  ec2: { dialect: "ec2", signingNames: ["ec2"], anonymous: NONE, documentBytesMax: MIB },
  iam: { dialect: "query", signingNames: ["iam"], anonymous: NONE, documentBytesMax: MIB },
  sts: { dialect: "query", signingNames: ["sts"], anonymous: BY_TOKEN, documentBytesMax: MIB },
  logs: { dialect: "rest-json", signingNames: ["logs"], anonymous: NONE, documentBytesMax: 2 * MIB },
};
