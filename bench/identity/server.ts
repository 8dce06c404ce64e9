/** The CPU time of a whole request over HTTP, by the same kinds of callers. */
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Credential, presign } from "#foundation/aws/sigv4";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import type { ServerProcess } from "../harness/server-process.ts";
import { prepare } from "../harness/signed-requests.ts";
import { environmentOf, startBiplaneOn } from "../objects/servers.ts";
import { type CALLERS, documentsOf, SESSION_POLICY } from "./callers.ts";

const BUCKET = "photos";
const KEY = "ana/small";
const BODY_BYTES = 1024;
const CONNECTIONS = 16;
const REGION = "us-east-1";

interface Target {
  readonly host: string;
  readonly port: number;
}

/** @param directory for the server's data */
export async function measureServer(directory: string, seconds: number): Promise<void> {
  const server = await startBiplaneOn(directory);
  try {
    const { port, credential } = environmentOf(directory);
    const target = { host: server.host, port };
    const callers = await prepareCallers(target, credential);
    const requests: Readonly<Record<(typeof CALLERS)[number], PreparedRequest>> = {
      "root key": signed(target, callers.root),
      "user with 3 policies": signed(target, callers.user),
      "role session with session policy": signed(target, callers.session),
      "presigned by the user": presigned(target, callers.user),
    };
    for (const [name, request] of Object.entries(requests)) await measure(server, target, name, request, seconds);
  } finally {
    await server.stop();
  }
}

/** A bucket with an object, and everybody who reads it. */
async function prepareCallers(target: Target, root: Credential) {
  const options = {
    endpoint: `http://${target.host}:${target.port}`,
    region: REGION,
    credentials: { accessKeyId: root.accessKeyId, secretAccessKey: root.secretAccessKey },
  };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const iam = new IAMClient(options);
  const sts = new STSClient(options);
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body: new Uint8Array(BODY_BYTES) }));
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  await iam.send(new CreateUserCommand({ UserName: "ana" }));
  const trust = { Effect: "Allow", Principal: { AWS: Account }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "worker", AssumeRolePolicyDocument }));
  const may = { Effect: "Allow", Action: "sts:AssumeRole", Resource: Role!.Arn };
  for (const [PolicyName, PolicyDocument] of Object.entries(documentsOf(BUCKET))) {
    await iam.send(new PutUserPolicyCommand({ UserName: "ana", PolicyName, PolicyDocument }));
    await iam.send(new PutRolePolicyCommand({ RoleName: "worker", PolicyName, PolicyDocument }));
  }
  await iam.send(new CreateUserCommand({ UserName: "assumer" }));
  await iam.send(
    new PutUserPolicyCommand({
      UserName: "assumer",
      PolicyName: "assume",
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [may] }),
    }),
  );
  const keyOf = async (UserName: string): Promise<Credential> => {
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  };
  // The root user assumes no roles.
  const assuming = new STSClient({ ...options, credentials: { ...(await keyOf("assumer")) } });
  const { Credentials } = await assuming.send(
    new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: "build-7", Policy: SESSION_POLICY }),
  );
  for (const client of [s3, iam, sts, assuming]) client.destroy();
  const session: Credential = {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
  return { root, user: await keyOf("ana"), session };
}

const signed = (target: Target, credential: Credential): PreparedRequest =>
  prepare({ method: "GET", path: `/${BUCKET}/${KEY}` }, target, credential);

function presigned(target: Target, credential: Credential): PreparedRequest {
  const path = `/${BUCKET}/${KEY}`;
  const host = `${target.host}:${target.port}`;
  const request = { method: "GET", path, query: "", headers: [["host", host]] as const };
  const query = presign(request, { credential, region: REGION, service: "s3", now: Date.now(), expiresSeconds: 900 });
  return [Buffer.from(`GET ${path}?${query} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, "latin1")];
}

async function measure(
  server: ServerProcess,
  target: Target,
  name: string,
  request: PreparedRequest,
  seconds: number,
): Promise<void> {
  // The compiler has seen everything before it counts.
  await runLoad(target, CONNECTIONS, () => request, { seconds: 1 });
  const before = server.cpuSeconds();
  const {
    requests,
    seconds: took,
    failures,
  } = await runLoad(target, CONNECTIONS, () => request, {
    seconds: Math.max(2, seconds),
  });
  if (failures.size > 0)
    throw new Error(`${name}: ${[...failures].map(([status, n]) => `${n} × ${status}`).join(", ")}`);
  const cpu = ((server.cpuSeconds() - before) * 1e6) / requests;
  console.log(
    `${name.padEnd(34)} ${cpu.toFixed(0).padStart(6)} µs of CPU time for a GET of ${BODY_BYTES} bytes over HTTP (${Math.round(requests / took)}/s)`,
  );
}
