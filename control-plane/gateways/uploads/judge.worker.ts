/** A thread for one upload: it comes from anybody, and may keep whoever reads it busy for long. */
import type { FromJudgeThread } from "./judge-thread.ts";
import { judgeUpload, type Upload } from "./judge-upload.ts";

declare const self: {
  onmessage: ((event: MessageEvent<Upload>) => void) | null;
  postMessage(message: FromJudgeThread): void;
};

self.onmessage = ({ data: upload }) => {
  try {
    self.postMessage({ type: "judged", verdict: judgeUpload(upload) });
  } catch (error) {
    self.postMessage({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};
