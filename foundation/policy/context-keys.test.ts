import { expect, test } from "bun:test";
import { contextKeysOf, parsePolicy } from "./index.ts";

const keys = (document: object) => contextKeysOf([parsePolicy(JSON.stringify(document), "identity")]);

const statement = {
  Effect: "Allow",
  Action: "s3:*",
  Resource: ["arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/${*}${aws:PrincipalTag/Team, 'none'}"],
  Condition: {
    DateGreaterThan: { "aws:CurrentTime": "2026-01-01" },
    StringLike: { "s3:prefix": ["${AWS:UserName}/*", "${aws:userid}"], "AWS:CurrentTime": "*" },
  },
};

test("keys of conditions and variables, each once, in the order of the text and as first written", () => {
  expect(keys({ Version: "2012-10-17", Statement: statement })).toEqual([
    "aws:username",
    "aws:PrincipalTag/Team",
    "aws:CurrentTime",
    "s3:prefix",
    "aws:userid",
  ]);
});

test("in the language of 2008 there are no variables", () => {
  expect(keys({ Version: "2008-10-17", Statement: statement })).toEqual(["aws:CurrentTime", "s3:prefix"]);
});

test("several documents, and what NotResource names", () => {
  const other = { Effect: "Deny", NotAction: "iam:*", NotResource: "arn:aws:iam::*:user/${aws:username}" };
  const parse = (Statement: object) =>
    parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: [Statement] }), "identity");
  expect(contextKeysOf([parse(other), parse({ ...statement, Resource: "*" })])).toEqual([
    "aws:username",
    "aws:CurrentTime",
    "s3:prefix",
    "aws:userid",
  ]);
});
