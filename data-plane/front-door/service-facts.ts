/** What the front door has to know of each service besides its model. */
import type { ServiceName } from "#foundation/aws";
import type { SignatureErrorDialect } from "#foundation/aws/sigv4";

export interface ServiceFacts {
  /** How the service words refused signatures. */
  readonly dialect: SignatureErrorDialect;
  /** Names that clients put into the credential scope. */
  readonly signingNames: readonly string[];
  /** Whether a request without credentials may reach an operation (then policies and ACLs decide). */
  readonly anonymous: boolean;
  /** Largest body of an operation whose input is a document, in bytes. */
  readonly documentBytesMax: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const SERVICE_FACTS: Readonly<Record<ServiceName, ServiceFacts>> = {
  // DeleteObjects with 1,000 keys of 1,024 bytes, each escaped to at most 6 characters a byte, is just under 8 MiB.
  s3: { dialect: "s3", signingNames: ["s3"], anonymous: true, documentBytesMax: 8 * MIB },
  // BatchWriteItem: 16 MB of items.
  dynamodb: { dialect: "json", signingNames: ["dynamodb"], anonymous: false, documentBytesMax: 17 * MIB },
  "dynamodb-streams": { dialect: "json", signingNames: ["dynamodb"], anonymous: false, documentBytesMax: MIB },
  // 1 MiB of messages, as JSON or form text.
  sqs: { dialect: "rest-json", signingNames: ["sqs"], anonymous: true, documentBytesMax: 4 * MIB },
  // 50 MB of zipped code in base64.
  lambda: { dialect: "rest-json", signingNames: ["lambda"], anonymous: false, documentBytesMax: 70 * MIB },
  elbv2: { dialect: "query", signingNames: ["elasticloadbalancing"], anonymous: false, documentBytesMax: MIB },
  ec2: { dialect: "ec2", signingNames: ["ec2"], anonymous: false, documentBytesMax: MIB },
  iam: { dialect: "query", signingNames: ["iam"], anonymous: false, documentBytesMax: MIB },
  sts: { dialect: "query", signingNames: ["sts"], anonymous: true, documentBytesMax: MIB },
  logs: { dialect: "rest-json", signingNames: ["logs"], anonymous: false, documentBytesMax: 2 * MIB },
};
