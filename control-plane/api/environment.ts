/** What the routes work on. */
import type { JudgeUpload, UploadRoom } from "#control-plane/gateways/uploads";
import type { PlanServer } from "#control-plane/plans";
import type { AuditLog } from "#foundation/audit";
import type { LockOut, TokenBuckets } from "#foundation/rate-limit";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { HealthRegistry, Logger, MetricsRegistry } from "#foundation/telemetry";
import type { Admission } from "./admission.ts";
import type { AccessTokens } from "./authentication/access-token.ts";
import type { Authenticate } from "./authentication/authenticate.ts";
import type { ControlPlaneCore } from "./core.ts";
import type { DataPlaneRegistry } from "./data-plane-registry.ts";
import type { Followers } from "./followers.ts";
import type { DeviceGrants } from "./sign-in/device-grants.ts";
import type { PasswordLinks } from "./sign-in/password-links.ts";
import type { Passwords } from "./sign-in/passwords.ts";

export interface ApiEnvironment {
  readonly core: ControlPlaneCore;
  readonly registry: DataPlaneRegistry;
  readonly authenticate: Authenticate;
  readonly accessTokens: AccessTokens;
  /** Gives the session of a refresh token that this cloud has issued; undefined for anything else. */
  readonly sessionOfRefreshToken: (token: string) => string | undefined;
  readonly admission: Admission;
  /** Of those who guess passwords and client secrets. */
  readonly lockOut: LockOut;
  /** Of those who guess user codes. */
  readonly wrongCodes: TokenBuckets;
  readonly deviceGrants: DeviceGrants;
  readonly passwords: Passwords;
  readonly passwordLinks: PasswordLinks;
  /** What must not happen without a record is written here first. */
  readonly audit: AuditLog;
  readonly health: HealthRegistry;
  readonly metrics: MetricsRegistry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** The program's version. */
  readonly version: string;
  readonly startedAt: number;
  /** Aborted when the API closes: long answers end then. */
  readonly closing: AbortSignal;
  /** Agents and edges: who is connected, channels to nodes, access to the objects of the cloud. */
  readonly plans: PlanServer;
  /** Artifacts on their way in: how much of them is in memory, and who verifies them. */
  readonly artifactUploads: { readonly room: UploadRoom; readonly judge: JudgeUpload };
  /** Followers of the logs now. */
  readonly followers: Followers;
}
