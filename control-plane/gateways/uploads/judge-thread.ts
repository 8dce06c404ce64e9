/** Judges uploads, each in a thread of its own, which ends with it or when it takes too long. */
import type { Timers } from "#foundation/runtime";
import { workerEntry } from "#foundation/sql";
import type { Upload, UploadVerdict } from "./judge-upload.ts";

export type FromJudgeThread =
  | { readonly type: "judged"; readonly verdict: UploadVerdict }
  | { readonly type: "failed"; readonly message: string };

/**
 * @param org whose it is
 * @returns undefined: it could not be told, because it took too long or could not be borne
 */
export type JudgeUpload = (upload: Upload, org: string) => Promise<UploadVerdict | undefined>;

/** The largest published descriptions take a tenth of a second. */
const JUDGE_MS_MAX = 30_000;
/** Threads at once: what so many unpack to is all that is in memory. */
const THREADS_MAX = 2;

interface Waiting {
  readonly org: string;
  readonly begin: () => Promise<void>;
}

/**
 * One upload of an org at a time, so that none that sends what is hard to judge keeps the others waiting.
 *
 * @param judge instead of a thread, for tests
 */
export function createJudgeThreads(
  timers: Timers,
  onError: (error: unknown) => void,
  judge: (upload: Upload) => Promise<UploadVerdict> = (upload) => inThread(upload, timers),
): JudgeUpload {
  const waiting: Waiting[] = [];
  const running = new Set<string>();

  function next(): void {
    if (running.size >= THREADS_MAX) return;
    const index = waiting.findIndex(({ org }) => !running.has(org));
    if (index === -1) return;
    const [{ org, begin }] = waiting.splice(index, 1) as [Waiting];
    running.add(org);
    void begin().finally(() => {
      running.delete(org);
      next();
    });
    next();
  }

  return (upload, org) =>
    new Promise((resolve) => {
      const begin = async (): Promise<void> => {
        try {
          resolve(await judge(upload));
        } catch (error) {
          onError(error);
          resolve(undefined);
        }
      };
      waiting.push({ org, begin });
      next();
    });
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
