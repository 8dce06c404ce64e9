/** Judges one upload after the other, each in a thread of its own, which ends with it or when it takes too long. */
import type { Timers } from "#foundation/runtime";
import { workerEntry } from "#foundation/sql";
import type { Upload, UploadVerdict } from "./judge-upload.ts";

export type FromJudgeThread =
  | { readonly type: "judged"; readonly verdict: UploadVerdict }
  | { readonly type: "failed"; readonly message: string };

/** @returns undefined: it could not be told, because it took too long or could not be borne */
export type JudgeUpload = (upload: Upload) => Promise<UploadVerdict | undefined>;

/** The largest published descriptions take a second or two. */
const JUDGE_MS_MAX = 30_000;

/** One at a time: what one unpacks to is all that is in memory. */
export function createJudgeThreads(timers: Timers, onError: (error: unknown) => void): JudgeUpload {
  let last: Promise<unknown> = Promise.resolve();
  return (upload) => {
    const judged = last.then(() =>
      inThread(upload, timers).catch((error) => {
        onError(error);
        return undefined;
      }),
    );
    last = judged;
    return judged;
  };
}

function inThread(upload: Upload, timers: Timers): Promise<UploadVerdict> {
  const { promise, resolve, reject } = Promise.withResolvers<UploadVerdict>();
  const worker = new Worker(workerEntry("control-plane/gateways/uploads/judge.worker.ts"), { type: "module" });
  worker.unref();
  const late = timers.after(JUDGE_MS_MAX, () =>
    reject(new Error(`An uploaded artifact was not verified within ${JUDGE_MS_MAX / 1_000} seconds.`)),
  );
  worker.onmessage = ({ data: message }: MessageEvent<FromJudgeThread>) => {
    if (message.type === "judged") resolve(message.verdict);
    else reject(new Error(`An uploaded artifact could not be verified: ${message.message}`));
  };
  worker.onerror = (event) => reject(new Error(`An uploaded artifact could not be verified: ${event.message}`));
  worker.postMessage(upload);
  return promise.finally(() => {
    late.cancel();
    worker.terminate();
  });
}
