/** The services whose models are committed, and the protocols they speak. */

/** Short names used in credential scopes where AWS has one, otherwise the name that the CLI uses. */
export type ServiceName =
  | "s3"
  | "dynamodb"
  | "dynamodb-streams"
  | "sqs"
  | "lambda"
  | "elbv2"
  | "ec2"
  | "iam"
  | "sts"
  | "logs";

/** Every service with a committed model. */
export const serviceNames: readonly ServiceName[] = [
  "s3",
  "dynamodb",
  "dynamodb-streams",
  "sqs",
  "lambda",
  "elbv2",
  "ec2",
  "iam",
  "sts",
  "logs",
];

/** Wire protocols, named as in Smithy (`aws.protocols#…`). */
export type ProtocolName = "restXml" | "restJson1" | "awsJson1_0" | "awsJson1_1" | "awsQuery" | "ec2Query";
