/** The callers of the benchmark, and the policies that speak for them. */

export const CALLERS = [
  "root key",
  "user with 3 policies",
  "role session with session policy",
  "presigned by the user",
] as const;

const policyOf = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Action: unknown, Resource: unknown, Condition?: object): object => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

/** Three policies of five statements; one of the fifteen allows to read what is in the bucket, and some might forbid it. */
export function documentsOf(bucket: string): Readonly<Record<string, string>> {
  return {
    work: policyOf(
      allow(["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], "arn:aws:sqs:*:*:work-*"),
      allow("sqs:List*", "*"),
      allow(["dynamodb:GetItem", "dynamodb:Query"], "arn:aws:dynamodb:*:*:table/orders"),
      allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/scratch-*"),
      { Effect: "Deny", Action: "dynamodb:DeleteTable", Resource: "*" },
    ),
    objects: policyOf(
      allow("s3:ListAllMyBuckets", "*"),
      allow("s3:ListBucket", `arn:aws:s3:::${bucket}`, { StringLike: { "s3:prefix": ["", "ana/*"] } }),
      allow(["s3:GetObject", "s3:PutObject"], `arn:aws:s3:::${bucket}/ana/*`, {
        IpAddress: { "aws:SourceIp": ["192.0.2.0/24", "127.0.0.0/8", "::1/128"] },
      }),
      allow("s3:GetObject", ["arn:aws:s3:::public/*", "arn:aws:s3:::shared/*"]),
      { Effect: "Deny", Action: "s3:*", Resource: "arn:aws:s3:::audit*" },
    ),
    rest: policyOf(
      allow(["iam:GetUser", "iam:ChangePassword"], "arn:aws:iam::*:user/${aws:username}"),
      allow("ec2:Describe*", "*"),
      { Effect: "Deny", Action: "ec2:*", Resource: "*", Condition: { StringNotEquals: { "ec2:Region": "eu-west-1" } } },
      { Effect: "Deny", Action: "s3:Delete*", Resource: "*" },
      { Effect: "Deny", Action: "*", Resource: "*", Condition: { Bool: { "aws:ViaAWSService": "true" } } },
    ),
  };
}

export const SESSION_POLICY = policyOf(allow("s3:Get*", "*"));
