/** Volumes: storage that outlives instances, on one node each; their snapshots and what is restored from them. */
import type { Dated } from "./applications.ts";
import type { AccountId } from "./ids.ts";

export type VolumeState = "creating" | "available" | "deleting" | "error";

export interface VolumeRecord extends Dated {
  readonly kind: "volume";
  /** `vol_…` */
  readonly volumeId: string;
  readonly accountId: AccountId;
  /** Unique in its org. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly filesystem: "ext4";
  readonly backupEnabled: boolean;
  /** Where its bytes are; never changes. */
  readonly homeNodeId: string;
  /** `available` once its node has made it, or has restored and verified it. */
  readonly state: VolumeState;
  readonly failedReason?: string;
  /** The snapshot that it is restored from. */
  readonly restoredFrom?: string;
}

export interface VolumeAttachmentRecord extends Dated {
  readonly kind: "volumeAttachment";
  /** `vat_…` */
  readonly attachmentId: string;
  readonly accountId: AccountId;
  /** Attached once at most. */
  readonly volumeId: string;
  readonly appId: string;
  readonly envId: string;
  readonly processType: string;
  /** Unique in its process type. */
  readonly mountPath: string;
  readonly readOnly: boolean;
}

export type JobStatus = "queued" | "running" | "succeeded" | "failed";

export interface SnapshotRecord extends Dated {
  readonly kind: "snapshot";
  /** `snp_…` */
  readonly snapshotId: string;
  readonly accountId: AccountId;
  readonly volumeId: string;
  readonly nodeId: string;
  /** `succeeded`: the encrypted backup is in object storage and was read back. */
  readonly status: JobStatus;
  readonly note?: string;
  /** How the volume was at the moment: in one piece as after a power cut, or with its writers stopped. */
  readonly consistency?: "crash" | "quiesced";
  /** Of the plain bytes. */
  readonly sizeBytes?: number;
  readonly plaintextSha256?: string;
  readonly chunks?: number;
  /** In the org's bucket. */
  readonly objectKey?: string;
  /** The data key of the backup, wrapped by the control plane's master key; see `control-plane/secrets`. */
  readonly wrappedKey?: string;
  readonly failedReason?: string;
  readonly finishedAt?: number;
}

export interface RestoreJobRecord extends Dated {
  readonly kind: "restoreJob";
  /** `rst_…` */
  readonly restoreId: string;
  readonly accountId: AccountId;
  readonly snapshotId: string;
  readonly sourceVolumeId: string;
  readonly newVolumeId: string;
  readonly nodeId: string;
  readonly status: JobStatus;
  readonly failedReason?: string;
  readonly finishedAt?: number;
}

export type VolumeCommand =
  | {
      readonly type: "volume.create";
      readonly accountId: AccountId;
      readonly name: string;
      readonly sizeBytes: number;
      readonly backupEnabled?: boolean;
      /** Default: the active node with the most room. */
      readonly nodeId?: string;
    }
  /** Refused while it is attached. */
  | {
      readonly type: "volume.delete";
      readonly accountId: AccountId;
      readonly volumeId: string;
      readonly expectedVersion?: number;
    }
  | {
      readonly type: "volumeAttachment.create";
      readonly accountId: AccountId;
      readonly volumeId: string;
      readonly envId: string;
      readonly processType: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }
  /** Refused while an instance uses it. */
  | { readonly type: "volumeAttachment.delete"; readonly accountId: AccountId; readonly attachmentId: string }
  | {
      readonly type: "snapshot.create";
      readonly accountId: AccountId;
      readonly volumeId: string;
      readonly note?: string;
    }
  | { readonly type: "snapshot.delete"; readonly accountId: AccountId; readonly snapshotId: string }
  /** Into a new volume, always. */
  | {
      readonly type: "restoreJob.create";
      readonly accountId: AccountId;
      readonly snapshotId: string;
      readonly newVolumeName?: string;
      readonly nodeId?: string;
    }
  /** From nodes. */
  | {
      readonly type: "volume.report";
      readonly nodeId: string;
      readonly volumeId: string;
      readonly state: "available" | "deleted" | "error";
      readonly failedReason?: string;
    }
  | {
      readonly type: "snapshot.report";
      readonly nodeId: string;
      readonly snapshotId: string;
      readonly status: "running" | "succeeded" | "failed";
      readonly consistency?: "crash" | "quiesced";
      readonly sizeBytes?: number;
      readonly plaintextSha256?: string;
      readonly chunks?: number;
      readonly objectKey?: string;
      readonly failedReason?: string;
    }
  | {
      readonly type: "restoreJob.report";
      readonly nodeId: string;
      readonly restoreId: string;
      readonly status: "running" | "succeeded" | "failed";
      readonly failedReason?: string;
    };

export interface VolumeCommandResults {
  "volume.create": { readonly volumeId: string };
  "volume.delete": Record<string, never>;
  "volumeAttachment.create": { readonly attachmentId: string };
  "volumeAttachment.delete": Record<string, never>;
  "snapshot.create": { readonly snapshotId: string };
  "snapshot.delete": Record<string, never>;
  "restoreJob.create": { readonly restoreId: string; readonly newVolumeId: string };
  "volume.report": Record<string, never>;
  "snapshot.report": Record<string, never>;
  "restoreJob.report": Record<string, never>;
}
