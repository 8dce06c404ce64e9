import { expect, test } from "bun:test";
import { credentialReport } from "./credential-report.ts";

test("one line a person, in the columns of IAM", () => {
  const createdAt = Date.UTC(2026, 0, 31, 12, 0, 0, 999);
  const root = { user: "<root_account>", arn: "arn:aws:iam::123456789012:root", createdAt, keys: [], root: true };
  const ada = {
    user: 'a,d"a',
    arn: "arn:aws:iam::123456789012:user/ada",
    createdAt,
    keys: [
      { active: false, createdAt },
      { active: true, createdAt, lastUse: { at: createdAt + 1000, region: "eu-west-1", service: "s3" } },
    ],
    root: false,
  };
  const [header, first, second, ...rest] = credentialReport([root, ada]).split("\n");
  expect(header).toStartWith("user,arn,user_creation_time,password_enabled,");
  expect(header!.split(",").length).toBe(22);
  expect(first).toBe(
    "<root_account>,arn:aws:iam::123456789012:root,2026-01-31T12:00:00+00:00,not_supported,N/A,not_supported,not_supported,FALSE,FALSE,N/A,N/A,N/A,N/A,FALSE,N/A,N/A,N/A,N/A,FALSE,N/A,FALSE,N/A",
  );
  expect(second).toBe(
    '"a,d""a",arn:aws:iam::123456789012:user/ada,2026-01-31T12:00:00+00:00,FALSE,N/A,N/A,N/A,FALSE,FALSE,2026-01-31T12:00:00+00:00,N/A,N/A,N/A,TRUE,2026-01-31T12:00:00+00:00,2026-01-31T12:00:01+00:00,eu-west-1,s3,FALSE,N/A,FALSE,N/A',
  );
  expect(rest).toEqual([]);
});
