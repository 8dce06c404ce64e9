/** What the walk over all operations needs to know of a service: how to call it, and with what. */
import type { OperationPermission } from "#data-plane/service";

/** What the account's root has made before the walk. */
export interface Fixture {
  readonly accountId: string;
  /** Of a user. */
  readonly accessKeyId: string;
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly deadLetterArn: string;
  readonly table: string;
  readonly tableArn: string;
  readonly streamArn: string;
  /** Of the stream. */
  readonly shardIterator: string;
}

/** Sends one operation with somebody's credentials; rejects as the SDK does. */
export type Send = (operation: string, input: object) => Promise<unknown>;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface WalkedService {
  readonly name: string;
  readonly permissions: Readonly<Record<string, OperationPermission>>;
  /** A sound input for every operation. Resources that an operation takes away need not exist: access is decided first. */
  readonly inputs: (fixture: Fixture) => Readonly<Record<string, object>>;
  readonly client: (
    endpoint: string,
    credentials: Credentials,
  ) => { readonly send: Send; readonly destroy: () => void };
  /** An ARN pattern that fits no resource of the inputs. */
  readonly elsewhere: string;
}

/** The outcome of a call as far as access goes. */
export async function accessOf(send: Send, operation: string, input: object): Promise<"denied" | "admitted"> {
  try {
    return deniedWithin(await send(operation, input)) ? "denied" : "admitted";
  } catch (error) {
    return isDenial(error) ? "denied" : "admitted";
  }
}

function isDenial(error: unknown): boolean {
  if (!(error instanceof Error)) throw error;
  const { $metadata } = error as { $metadata?: { readonly httpStatusCode?: number } };
  if ($metadata?.httpStatusCode === undefined) throw error;
  if ($metadata.httpStatusCode === 500) throw error;
  if (/^AccessDenied(?:Exception)?$/.test(error.name)) return true;
  // An answer to HEAD has no body to say it in.
  return $metadata.httpStatusCode === 403 && /^(?:403|Forbidden|Unknown|UnknownError|NotFound)$/.test(error.name);
}

/** Operations on several things answer for each of them. */
function deniedWithin(output: unknown): boolean {
  const { Errors, Responses } = (output ?? {}) as {
    readonly Errors?: readonly { readonly Code?: string }[];
    readonly Responses?: readonly { readonly Error?: { readonly Code?: string } }[];
  };
  const codes = [
    ...(Errors ?? []).map((error) => error.Code),
    ...(Array.isArray(Responses) ? Responses.map((response) => response.Error?.Code) : []),
  ];
  return codes.some((code) => code === "AccessDenied");
}

/** ARNs with every variable open. */
export function openResources({ resources }: OperationPermission): readonly string[] {
  return resources.map((resource) => resource.replace(/\$\{\w+\}/g, "*"));
}

/** A policy as JSON text. */
export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}
