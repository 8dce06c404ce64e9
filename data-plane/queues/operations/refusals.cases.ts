/**
 * Bad requests and what AWS says to them: operation, input, code (as the query protocol writes it), message.
 *
 * `$Q` is the URL of a standard queue, `$F` of a FIFO queue, `$C` of one with content-based deduplication; `$A` the beginning of the ARNs of queues. `dlq` is a dead-letter queue of
 * standard type, `busy` a queue with other attributes than the defaults. The marked messages (`recorded`) are AWS's own, letter by letter, from public recordings; the others
 * follow its documentation.
 */

export interface Refusal {
  readonly about: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** As the query protocol writes it. */
  readonly code: string;
  readonly message: string | RegExp;
  /** 400 unless said. */
  readonly status?: number;
}

type Row = readonly [
  about: string,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  code: string,
  message: string | RegExp,
  status?: number,
];

const NAME_RULE = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
const FIFO_NAME_RULE =
  "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length";
const INVALID_CHARACTERS =
  "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";
const NO_QUEUE = "The specified queue does not exist.";
const MISSING_QUEUE = "AWS.SimpleQueueService.NonExistentQueue";
const VALUE = "InvalidParameterValue";
const ATTRIBUTE_VALUE = "InvalidAttributeValue";
const ATTRIBUTE_NAME = "InvalidAttributeName";
const MISSING = "MissingParameter";

const create = (QueueName: string, Attributes: Record<string, string> = {}, more: object = {}) => ({
  QueueName,
  Attributes,
  ...more,
});
const set = (Attributes: Record<string, string>) => ({ QueueUrl: "$Q", Attributes });
const send = (more: object) => ({ QueueUrl: "$Q", MessageBody: "x", ...more });
const attribute = (name: string, value: object) => send({ MessageAttributes: { [name]: value } });
const text = (StringValue: string) => ({ DataType: "String", StringValue });
const batch = (...Entries: object[]) => ({ QueueUrl: "$Q", Entries });
const redrive = (policy: object | string) =>
  set({ RedrivePolicy: typeof policy === "string" ? policy : JSON.stringify(policy) });
const allow = (policy: object | string) =>
  set({ RedriveAllowPolicy: typeof policy === "string" ? policy : JSON.stringify(policy) });
const grant = (more: object) => ({
  QueueUrl: "$Q",
  Label: "label",
  AWSAccountIds: ["444455556666"],
  Actions: ["SendMessage"],
  ...more,
});
const entries = (count: number) => Array.from({ length: count }, (_, at) => ({ Id: `e${at}`, MessageBody: "x" }));
const LONG_ID = "a".repeat(129);

const QUEUES: readonly Row[] = [
  ["no name", "CreateQueue", {}, MISSING, "The request must contain the parameter QueueName."],
  ["a name with a space", "CreateQueue", create("a b"), VALUE, NAME_RULE],
  ["a name of 81 characters", "CreateQueue", create("a".repeat(81)), VALUE, NAME_RULE],
  ["a FIFO name alone", "CreateQueue", create("a.fifo"), VALUE, NAME_RULE],
  ["a FIFO queue without the suffix", "CreateQueue", create("a", { FifoQueue: "true" }), VALUE, FIFO_NAME_RULE],
  [
    "FifoQueue false (recorded)",
    "CreateQueue",
    create("a", { FifoQueue: "false" }),
    ATTRIBUTE_NAME,
    "Unknown Attribute FifoQueue.",
  ],
  [
    "deduplication on a standard queue (recorded)",
    "CreateQueue",
    create("a", { ContentBasedDeduplication: "true" }),
    ATTRIBUTE_NAME,
    "Unknown Attribute ContentBasedDeduplication.",
  ],
  [
    "a scope on a standard queue (recorded)",
    "CreateQueue",
    create("a", { DeduplicationScope: "queue" }),
    ATTRIBUTE_NAME,
    "You can specify the DeduplicationScope only when FifoQueue is set to true.",
  ],
  [
    "a throughput limit on a standard queue (recorded)",
    "CreateQueue",
    create("a", { FifoThroughputLimit: "perQueue" }),
    ATTRIBUTE_NAME,
    "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
  ],
  ["an unknown attribute", "CreateQueue", create("a", { Colour: "red" }), ATTRIBUTE_NAME, "Unknown Attribute Colour."],
  [
    "a limit per group without deduplication per group",
    "CreateQueue",
    create("a.fifo", { FifoQueue: "true", FifoThroughputLimit: "perMessageGroupId" }),
    ATTRIBUTE_VALUE,
    /^Invalid value for the parameter FifoThroughputLimit/,
  ],
  [
    "another value than the queue has (recorded)",
    "CreateQueue",
    create("busy", { DelaySeconds: "2" }),
    "QueueAlreadyExists",
    "A queue already exists with the same name and a different value for attribute DelaySeconds",
  ],
  ["a queue that is not there", "GetQueueUrl", { QueueName: "none" }, MISSING_QUEUE, NO_QUEUE],
  ["no name to look for", "GetQueueUrl", {}, MISSING, "The request must contain the parameter QueueName."],
  ["no URL", "DeleteQueue", {}, MISSING_QUEUE, NO_QUEUE],
  ["a URL of nothing", "DeleteQueue", { QueueUrl: "http://x/y" }, MISSING_QUEUE, NO_QUEUE],
  ["a URL of another account", "DeleteQueue", { QueueUrl: "http://x/999999999999/standard" }, MISSING_QUEUE, NO_QUEUE],
  ["0 results", "ListQueues", { MaxResults: 0 }, VALUE, /^Value 0 for parameter MaxResults is invalid/],
  ["1001 results", "ListQueues", { MaxResults: 1001 }, VALUE, /^Value 1001 for parameter MaxResults is invalid/],
  ["a token that nobody gave", "ListQueues", { NextToken: "!!" }, VALUE, "Invalid or expired next token."],
  [
    "an unknown attribute to get",
    "GetQueueAttributes",
    { QueueUrl: "$Q", AttributeNames: ["Colour"] },
    ATTRIBUTE_NAME,
    "Unknown Attribute Colour.",
  ],
];

const RANGES: readonly (readonly [name: string, ...bad: string[]])[] = [
  ["DelaySeconds", "-1", "901", "", "1.5", "x", "0x10", " 1"],
  ["MaximumMessageSize", "1023", "1048577", ""],
  ["MessageRetentionPeriod", "59", "1209601"],
  ["ReceiveMessageWaitTimeSeconds", "-1", "21"],
  ["VisibilityTimeout", "-1", "43201", "99999999999999999999"],
  ["KmsDataKeyReusePeriodSeconds", "59", "86401"],
  ["SqsManagedSseEnabled", "yes", ""],
  ["Policy", "{", "[]", "{}", '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}'],
];

const VALUES: readonly Row[] = RANGES.flatMap(([name, ...bad]) =>
  bad.map(
    (value): Row => [
      `${name} ${JSON.stringify(value)}`,
      "SetQueueAttributes",
      name === "Policy" && value === "" ? set({}) : set({ [name]: value }),
      ATTRIBUTE_VALUE,
      `Invalid value for the parameter ${name}.`,
    ],
  ),
);

const ATTRIBUTES: readonly Row[] = [
  ["no attributes", "SetQueueAttributes", set({}), MISSING, "The request must contain the parameter Attributes."],
  [
    "a queue that becomes FIFO (recorded)",
    "SetQueueAttributes",
    set({ FifoQueue: "true" }),
    ATTRIBUTE_NAME,
    "Unknown Attribute FifoQueue.",
  ],
  [
    "a FIFO queue that is none any more (recorded)",
    "SetQueueAttributes",
    { QueueUrl: "$F", Attributes: { FifoQueue: "false" } },
    ATTRIBUTE_VALUE,
    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
  ],
  [
    "an attribute that is only answered",
    "SetQueueAttributes",
    set({ QueueArn: "x" }),
    ATTRIBUTE_NAME,
    "Unknown Attribute QueueArn.",
  ],
  [
    "a key of KMS",
    "SetQueueAttributes",
    set({ KmsMasterKeyId: "alias/aws/sqs" }),
    ATTRIBUTE_VALUE,
    /KmsMasterKeyId.*key management/,
  ],
  [
    "two kinds of encryption (recorded)",
    "SetQueueAttributes",
    set({ KmsMasterKeyId: "testKeyId", SqsManagedSseEnabled: "true" }),
    ATTRIBUTE_NAME,
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
  ],
  [
    "a redrive policy that is no JSON",
    "SetQueueAttributes",
    redrive("x"),
    ATTRIBUTE_VALUE,
    "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
  ],
  [
    "a redrive policy that is a list",
    "SetQueueAttributes",
    redrive("[]"),
    ATTRIBUTE_VALUE,
    "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
  ],
  [
    "no receive count",
    "SetQueueAttributes",
    redrive({ deadLetterTargetArn: "$A:dlq" }),
    VALUE,
    /parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: maxReceiveCount\.$/,
  ],
  [
    "no target",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1 }),
    VALUE,
    'Value {"maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: deadLetterTargetArn.',
  ],
  ...[0, 1001, "x", "1.5", -1, 1.5, true].map(
    (maxReceiveCount): Row => [
      `a receive count of ${JSON.stringify(maxReceiveCount)}`,
      "SetQueueAttributes",
      redrive({ maxReceiveCount, deadLetterTargetArn: "$A:dlq" }),
      VALUE,
      new RegExp(
        `Invalid value for maxReceiveCount: ${maxReceiveCount}, valid values are from 1 to 1000 both inclusive\\.$`,
      ),
    ],
  ),
  [
    "a target that is no ARN",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "dlq" }),
    VALUE,
    /Invalid value for deadLetterTargetArn\.$/,
  ],
  [
    "a target that is not there",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "$A:none" }),
    VALUE,
    /Dead letter target does not exist\.$/,
  ],
  [
    "a target in another region",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "arn:aws:sqs:eu-west-1:111122223333:dlq" }),
    VALUE,
    /Dead letter target does not exist\.$/,
  ],
  [
    "a target of another account",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "arn:aws:sqs:us-east-1:444455556666:dlq" }),
    VALUE,
    /Dead-letter target owner should be same as the source\.$/,
  ],
  [
    "a target of the other kind",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "$A:fifo.fifo" }),
    VALUE,
    /Dead-letter queue must be same type of queue as the source\.$/,
  ],
  [
    "the queue itself",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "$A:standard" }),
    VALUE,
    /A queue cannot be its own dead-letter queue\.$/,
  ],
  [
    "more in a redrive policy",
    "SetQueueAttributes",
    redrive({ maxReceiveCount: 1, deadLetterTargetArn: "$A:dlq", more: 1 }),
    VALUE,
    /Only following attributes are supported: \[deadLetterTargetArn, maxReceiveCount\]\.$/,
  ],
  [
    "a redrive allow policy that is no JSON",
    "SetQueueAttributes",
    allow("x"),
    ATTRIBUTE_VALUE,
    /^Invalid value for the parameter RedriveAllowPolicy\. Reason: .*unsupported format\.$/,
  ],
  [
    "an unknown permission",
    "SetQueueAttributes",
    allow({ redrivePermission: "some" }),
    ATTRIBUTE_VALUE,
    /unsupported format\.$/,
  ],
  [
    "more in a redrive allow policy",
    "SetQueueAttributes",
    allow({ redrivePermission: "allowAll", dummy: 1 }),
    ATTRIBUTE_VALUE,
    /unsupported format\.$/,
  ],
  [
    "no sources",
    "SetQueueAttributes",
    allow({ redrivePermission: "byQueue" }),
    VALUE,
    `Value {"redrivePermission":"byQueue"} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't create the redrive allow policy. When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.`,
  ],
  [
    "eleven sources",
    "SetQueueAttributes",
    allow({ redrivePermission: "byQueue", sourceQueueArns: Array(11).fill("$A:x") }),
    VALUE,
    /The maximum number of source queue ARNs you can specify is 10\.$/,
  ],
  [
    "sources for all",
    "SetQueueAttributes",
    allow({ redrivePermission: "allowAll", sourceQueueArns: ["$A:x"] }),
    VALUE,
    /you must set redrivePermission to byQueue\.$/,
  ],
];

const SENDING: readonly Row[] = [
  [
    "no body (recorded)",
    "SendMessage",
    { QueueUrl: "$Q" },
    MISSING,
    "The request must contain the parameter MessageBody.",
  ],
  [
    "an empty body (recorded)",
    "SendMessage",
    send({ MessageBody: "" }),
    MISSING,
    "The request must contain the parameter MessageBody.",
  ],
  ["a NUL", "SendMessage", send({ MessageBody: "a\u0000b" }), "InvalidMessageContents", INVALID_CHARACTERS],
  ["U+FFFF", "SendMessage", send({ MessageBody: "\uffff" }), "InvalidMessageContents", INVALID_CHARACTERS],
  [
    "too long (recorded)",
    "SendMessage",
    send({ MessageBody: "é".repeat(524_289) }),
    VALUE,
    "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
  ],
  [
    "too long with its attributes",
    "SendMessage",
    send({ MessageBody: "x".repeat(1_048_570), MessageAttributes: { n: text("12") } }),
    VALUE,
    "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
  ],
  [
    "a delay of 901 s",
    "SendMessage",
    send({ DelaySeconds: 901 }),
    VALUE,
    "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
  ],
  [
    "a delay below zero",
    "SendMessage",
    send({ DelaySeconds: -1 }),
    VALUE,
    "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
  ],
  [
    "a delay for FIFO (recorded)",
    "SendMessage",
    { QueueUrl: "$C", MessageBody: "x", MessageGroupId: "g", DelaySeconds: 2 },
    VALUE,
    "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
  ],
  [
    "FIFO without a group (recorded)",
    "SendMessage",
    { QueueUrl: "$C", MessageBody: "x" },
    MISSING,
    "The request must contain the parameter MessageGroupId.",
  ],
  [
    "FIFO without a deduplication id (recorded)",
    "SendMessage",
    { QueueUrl: "$F", MessageBody: "x", MessageGroupId: "g" },
    VALUE,
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  ],
  [
    "a deduplication id on a standard queue",
    "SendMessage",
    send({ MessageDeduplicationId: "d" }),
    VALUE,
    "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
  ],
  ...["", LONG_ID, "group 123"].map(
    (id): Row => [
      `a group of ${id.length} characters (recorded)`,
      "SendMessage",
      send({ MessageGroupId: id }),
      VALUE,
      `Value ${id} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    ],
  ),
  ...["", LONG_ID, "group 123"].map(
    (id): Row => [
      `a deduplication id of ${id.length} characters (recorded)`,
      "SendMessage",
      { QueueUrl: "$F", MessageBody: "x", MessageGroupId: "g", MessageDeduplicationId: id },
      VALUE,
      `Value ${id} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    ],
  ),
];

const MESSAGE_ATTRIBUTES: readonly Row[] = [
  [
    "an empty value (recorded)",
    "SendMessage",
    attribute("ErrorDetails", text("")),
    VALUE,
    "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
  ],
  [
    "no value",
    "SendMessage",
    attribute("n", { DataType: "Binary" }),
    VALUE,
    "Message (user) attribute 'n' must contain a non-empty value of type 'Binary'.",
  ],
  [
    "no type",
    "SendMessage",
    attribute("n", { StringValue: "x" }),
    VALUE,
    "The message attribute 'n' must contain non-empty message attribute type.",
  ],
  [
    "an unknown type",
    "SendMessage",
    attribute("n", { DataType: "Strings", StringValue: "x" }),
    VALUE,
    "The message attribute 'n' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
  ],
  [
    "a number that is none",
    "SendMessage",
    attribute("n", { DataType: "Number", StringValue: "1,5" }),
    VALUE,
    "Can't cast the value of message (user) attribute 'n' to a number.",
  ],
  ["a control character", "SendMessage", attribute("n", text("\u0001")), "InvalidMessageContents", INVALID_CHARACTERS],
  [
    "a space in a name",
    "SendMessage",
    attribute("a b", text("x")),
    VALUE,
    /^The message attribute name 'a b' is invalid/,
  ],
  ...["aws.x", "Amazon.x", ".x", "x.", "a..b"].map(
    (name): Row => [`the name ${name}`, "SendMessage", attribute(name, text("x")), VALUE, /reserved for internal use/],
  ),
  [
    "a name of 257 characters",
    "SendMessage",
    attribute("a".repeat(257), text("x")),
    VALUE,
    "Message (user) attribute name must be shorter than 256 Bytes",
  ],
  [
    "eleven of them",
    "SendMessage",
    send({ MessageAttributes: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`n${at}`, text("x")])) }),
    VALUE,
    "Number of message attributes [11] exceeds the allowed maximum [10].",
  ],
  [
    "a list",
    "SendMessage",
    attribute("n", { DataType: "String", StringListValues: ["x"] }),
    "AWS.SimpleQueueService.UnsupportedOperation",
    "Message attribute list values in SendMessage operation are not supported.",
  ],
  [
    "an unknown one of the system",
    "SendMessage",
    send({ MessageSystemAttributes: { SenderId: text("x") } }),
    VALUE,
    "The message system attribute name 'SenderId' is invalid.",
  ],
  [
    "a trace header that is a number",
    "SendMessage",
    send({ MessageSystemAttributes: { AWSTraceHeader: { DataType: "Number", StringValue: "1" } } }),
    VALUE,
    "The message system attribute 'AWSTraceHeader' must be of type 'String'.",
  ],
];

const BATCHES: readonly Row[] = [
  [
    "an empty one",
    "SendMessageBatch",
    batch(),
    "AWS.SimpleQueueService.EmptyBatchRequest",
    "There should be at least one SendMessageBatchRequestEntry in the request.",
  ],
  [
    "none at all",
    "DeleteMessageBatch",
    { QueueUrl: "$Q" },
    "AWS.SimpleQueueService.EmptyBatchRequest",
    "There should be at least one DeleteMessageBatchRequestEntry in the request.",
  ],
  [
    "twenty entries (recorded)",
    "SendMessageBatch",
    batch(...entries(20)),
    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "Maximum number of entries per request are 10. You have sent 20.",
  ],
  [
    "the same id twice",
    "SendMessageBatch",
    batch(...entries(2), { Id: "e0", MessageBody: "x" }),
    "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "Id e0 repeated.",
  ],
  ...["", "invalid:id", "testLongId".repeat(9)].map(
    (Id): Row => [
      `the id "${Id}" (recorded)`,
      "DeleteMessageBatch",
      batch({ Id, ReceiptHandle: "x" }),
      "AWS.SimpleQueueService.InvalidBatchEntryId",
      "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
    ],
  ),
  [
    "too long together (recorded)",
    "SendMessageBatch",
    batch({ Id: "a", MessageBody: "x".repeat(1_048_576) }, { Id: "b", MessageBody: "y" }),
    "AWS.SimpleQueueService.BatchRequestTooLong",
    "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
  ],
  [
    "FIFO, an entry without a group (recorded)",
    "SendMessageBatch",
    { QueueUrl: "$C", Entries: [{ Id: "a", MessageBody: "x" }] },
    VALUE,
    "The request must contain the parameter MessageGroupId.",
  ],
  [
    "FIFO, an entry without a deduplication id (recorded)",
    "SendMessageBatch",
    { QueueUrl: "$F", Entries: [{ Id: "a", MessageBody: "x", MessageGroupId: "g" }] },
    VALUE,
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  ],
];

const receive = (more: object) => ({ QueueUrl: "$Q", ...more });

const RECEIVING: readonly Row[] = [
  [
    "11 messages (recorded)",
    "ReceiveMessage",
    receive({ MaxNumberOfMessages: 11 }),
    VALUE,
    "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  ],
  [
    "no messages",
    "ReceiveMessage",
    receive({ MaxNumberOfMessages: 0 }),
    VALUE,
    "Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  ],
  [
    "21 s of waiting (recorded)",
    "ReceiveMessage",
    receive({ WaitTimeSeconds: 21 }),
    VALUE,
    "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
  ],
  [
    "-1 s of waiting (recorded)",
    "ReceiveMessage",
    receive({ WaitTimeSeconds: -1 }),
    VALUE,
    "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
  ],
  [
    "more than 12 h invisible",
    "ReceiveMessage",
    receive({ VisibilityTimeout: 43_201 }),
    VALUE,
    /^Value 43201 for parameter VisibilityTimeout is invalid/,
  ],
  [
    "an attempt on a standard queue",
    "ReceiveMessage",
    receive({ ReceiveRequestAttemptId: "a" }),
    VALUE,
    /^Value a for parameter ReceiveRequestAttemptId is invalid/,
  ],
  [
    "an unknown attribute",
    "ReceiveMessage",
    receive({ MessageSystemAttributeNames: ["Colour"] }),
    ATTRIBUTE_NAME,
    "Unknown Attribute Colour.",
  ],
  [
    "an unknown attribute, the old way",
    "ReceiveMessage",
    receive({ AttributeNames: ["Colour"] }),
    ATTRIBUTE_NAME,
    "Unknown Attribute Colour.",
  ],
  ["no handle", "DeleteMessage", receive({}), MISSING, "The request must contain the parameter ReceiptHandle."],
  [
    "a handle that is none",
    "DeleteMessage",
    receive({ ReceiptHandle: "x" }),
    "ReceiptHandleIsInvalid",
    'The input receipt handle "x" is not a valid receipt handle.',
    404,
  ],
  [
    "no timeout",
    "ChangeMessageVisibility",
    receive({ ReceiptHandle: "x" }),
    MISSING,
    "The request must contain the parameter VisibilityTimeout.",
  ],
  [
    "a timeout below zero",
    "ChangeMessageVisibility",
    receive({ ReceiptHandle: "x", VisibilityTimeout: -1 }),
    VALUE,
    /^Value -1 for parameter VisibilityTimeout is invalid/,
  ],
];

const PERMISSIONS_AND_TAGS: readonly Row[] = [
  ["no label", "AddPermission", grant({ Label: "" }), MISSING, "The request must contain the parameter Label."],
  [
    "a label with a space",
    "AddPermission",
    grant({ Label: "a b" }),
    VALUE,
    /^Value a b for parameter Label is invalid/,
  ],
  [
    "no accounts",
    "AddPermission",
    grant({ AWSAccountIds: [] }),
    MISSING,
    "The request must contain the parameter AWSAccountIds.",
  ],
  ["no actions", "AddPermission", grant({ Actions: [] }), MISSING, "The request must contain the parameter Actions."],
  [
    "an account that is none",
    "AddPermission",
    grant({ AWSAccountIds: ["x"] }),
    VALUE,
    "Value [x] for parameter PrincipalId is invalid. Reason: Unable to verify.",
  ],
  [
    "an account that nobody has",
    "AddPermission",
    grant({ AWSAccountIds: ["999999999999"] }),
    VALUE,
    "Value [999999999999] for parameter PrincipalId is invalid. Reason: Unable to verify.",
  ],
  [
    "an action that is none",
    "AddPermission",
    grant({ Actions: ["Dance"] }),
    VALUE,
    /^Value SQS:Dance for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. ?$/,
  ],
  [
    "an action of the owner alone",
    "AddPermission",
    grant({ Actions: ["CreateQueue"] }),
    VALUE,
    "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.",
  ],
  [
    "eight actions",
    "AddPermission",
    grant({ Actions: Array(8).fill("SendMessage") }),
    "OverLimit",
    "8 Actions were found, maximum allowed is 7.",
    403,
  ],
  [
    "a label that is not there (recorded)",
    "RemovePermission",
    { QueueUrl: "$Q", Label: "none" },
    VALUE,
    "Value none for parameter Label is invalid. Reason: can't find label.",
  ],
  ["no tags", "TagQueue", { QueueUrl: "$Q" }, MISSING, "The request must contain the parameter Tags."],
  ["an empty key", "TagQueue", { QueueUrl: "$Q", Tags: { "": "x" } }, VALUE, /^Tag keys must be/],
  ["a key of AWS", "TagQueue", { QueueUrl: "$Q", Tags: { "aws:x": "x" } }, VALUE, /^Tag keys must not begin with aws:/],
  ["a long value", "TagQueue", { QueueUrl: "$Q", Tags: { x: "x".repeat(257) } }, VALUE, /^Tag values must be/],
  [
    "51 tags",
    "TagQueue",
    { QueueUrl: "$Q", Tags: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, "x"])) },
    VALUE,
    "Too many tags added for queue. Max: 50",
  ],
  [
    "no tags to take away",
    "UntagQueue",
    { QueueUrl: "$Q" },
    MISSING,
    "The request must contain the parameter TagKeys.",
  ],
];

const handle = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64");
const NO_SOURCE = "The resource that you specified for the SourceArn parameter doesn't exist.";

const MOVE_TASKS: readonly Row[] = [
  ["no source", "StartMessageMoveTask", {}, MISSING, "The request must contain the parameter SourceArn."],
  [
    "a source that is not there",
    "StartMessageMoveTask",
    { SourceArn: "$A:none" },
    "ResourceNotFoundException",
    NO_SOURCE,
    404,
  ],
  [
    "a source that is no dead-letter queue (recorded)",
    "StartMessageMoveTask",
    { SourceArn: "$A:standard" },
    VALUE,
    "Source queue must be configured as a Dead Letter Queue.",
  ],
  [
    "a destination that is not there (recorded)",
    "StartMessageMoveTask",
    { SourceArn: "$A:dlq", DestinationArn: "$A:none" },
    "ResourceNotFoundException",
    "The resource that you specified for the DestinationArn parameter doesn't exist.",
    404,
  ],
  [
    "a destination of the other kind",
    "StartMessageMoveTask",
    { SourceArn: "$A:dlq", DestinationArn: "$A:fifo.fifo" },
    VALUE,
    "Source queue and destination queue must be of the same type.",
  ],
  [
    "itself",
    "StartMessageMoveTask",
    { SourceArn: "$A:dlq", DestinationArn: "$A:dlq" },
    VALUE,
    "Source queue arn and destination queue arn cannot be the same.",
  ],
  [
    "501 a second",
    "StartMessageMoveTask",
    { SourceArn: "$A:dlq", MaxNumberOfMessagesPerSecond: 501 },
    VALUE,
    /^Value 501 for parameter MaxNumberOfMessagesPerSecond is invalid/,
  ],
  [
    "eleven tasks",
    "ListMessageMoveTasks",
    { SourceArn: "$A:dlq", MaxResults: 11 },
    VALUE,
    /^Value 11 for parameter MaxResults is invalid/,
  ],
  [
    "a handle that is none (recorded)",
    "CancelMessageMoveTask",
    { TaskHandle: "x" },
    VALUE,
    "Value for parameter TaskHandle is invalid.",
  ],
  [
    "a handle of a source that is not there (recorded)",
    "CancelMessageMoveTask",
    { TaskHandle: handle({ taskId: "x", sourceArn: "$A:none" }) },
    "ResourceNotFoundException",
    NO_SOURCE,
    404,
  ],
  [
    "a task that is not there (recorded)",
    "CancelMessageMoveTask",
    { TaskHandle: handle({ taskId: "x", sourceArn: "$A:dlq" }) },
    "ResourceNotFoundException",
    "Task does not exist.",
    404,
  ],
];

export const REFUSALS: readonly Refusal[] = [
  ...QUEUES,
  ...VALUES,
  ...ATTRIBUTES,
  ...SENDING,
  ...MESSAGE_ATTRIBUTES,
  ...BATCHES,
  ...RECEIVING,
  ...PERMISSIONS_AND_TAGS,
  ...MOVE_TASKS,
].map(([about, operation, input, code, message, status]) => ({
  about,
  operation,
  input,
  code,
  message,
  ...(status === undefined ? {} : { status }),
}));
