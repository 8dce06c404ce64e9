/** Artifacts that were compiled elsewhere: verified in a thread of its own before anything of them is kept. */
export { createJudgeThreads, type JudgeUpload } from "./judge-thread.ts";
export {
  judgeUpload,
  type Upload,
  type UploadFault,
  type UploadVerdict,
  type VerifiedArtifact,
} from "./judge-upload.ts";
export { createUploadRoom, type HeldRoom, type UploadRoom } from "./upload-room.ts";
