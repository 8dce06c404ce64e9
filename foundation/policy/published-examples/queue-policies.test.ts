/** "Basic examples of Amazon SQS policies" of the SQS Developer Guide. */

import { account, allow, anonymous, describeExamples, other, rowsBy, service, to, user } from "./examples.fixture.ts";

const ana = user("ana");
const owner = [[allow("*", "*")]];
const yes = "allowed identity";
const granted = "allowed resource";
const no = "implicit-deny resource";

const queue = `arn:aws:sqs:us-east-2:${account}:queue1`;

describeExamples("queue policies", [
  {
    name: "one permission to another account",
    identity: owner,
    resource: [to({ AWS: other }, allow("sqs:ReceiveMessage", queue))],
    rows: rowsBy(
      user("x", {}, other),
      ["that", "sqs:ReceiveMessage", queue, yes],
      ["another", "sqs:SendMessage", queue, no],
    ),
  },
  {
    name: "all permissions to two users by name",
    resource: [
      to({ AWS: [`arn:aws:iam::${account}:user/ana`, `arn:aws:iam::${account}:user/bob`] }, allow("sqs:*", queue)),
    ],
    rows: [
      ...rowsBy(ana, ["the first", "sqs:PurgeQueue", queue, granted]),
      ...rowsBy(user("eve"), ["a third", "sqs:PurgeQueue", queue, "implicit-deny identity"]),
    ],
  },
  {
    name: "to everybody, in a time and from addresses",
    resource: [
      to(
        "*",
        allow("sqs:ReceiveMessage", queue, {
          DateGreaterThan: { "aws:CurrentTime": "2009-01-31T12:00Z" },
          DateLessThan: { "aws:CurrentTime": "2009-01-31T15:00Z" },
          IpAddress: { "aws:SourceIp": "192.168.143.0/24" },
        }),
      ),
    ],
    rows: rowsBy(
      anonymous,
      [
        "within",
        "sqs:ReceiveMessage",
        queue,
        granted,
        { "aws:currenttime": "2009-01-31T13:00:00Z", "aws:sourceip": "192.168.143.1" },
      ],
      [
        "late",
        "sqs:ReceiveMessage",
        queue,
        no,
        { "aws:currenttime": "2009-01-31T15:00:00Z", "aws:sourceip": "192.168.143.1" },
      ],
      [
        "from elsewhere",
        "sqs:ReceiveMessage",
        queue,
        no,
        { "aws:currenttime": "2009-01-31T13:00:00Z", "aws:sourceip": "192.168.144.1" },
      ],
    ),
  },
  {
    name: "to notifications of one topic",
    resource: [
      to(
        { Service: "sns.amazonaws.com" },
        allow("sqs:SendMessage", queue, { ArnEquals: { "aws:SourceArn": `arn:aws:sns:us-east-2:${account}:topic` } }),
      ),
    ],
    rows: rowsBy(
      service("sns.amazonaws.com"),
      ["of it", "sqs:SendMessage", queue, granted, { "aws:sourcearn": `arn:aws:sns:us-east-2:${account}:topic` }],
      ["of another", "sqs:SendMessage", queue, no, { "aws:sourcearn": `arn:aws:sns:us-east-2:${account}:topic2` }],
    ),
  },
]);
