import type { MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type DocumentProgressSchema, DocumentStatus } from "./gen/documents_pb.ts";

/** One that takes its time, a quick one, one that fails half way, and one with nothing to say for long. */
const documents = new Map([
  ["report", { bytes: 48_318_382n, queuedMs: 600, step: 2, stepMs: 180, failsAt: Infinity }],
  ["invoice", { bytes: 734_003n, queuedMs: 300, step: 5, stepMs: 90, failsAt: Infinity }],
  ["broken", { bytes: 9_227_468n, queuedMs: 400, step: 4, stepMs: 120, failsAt: 56 }],
  ["silent", { bytes: 2_147_483_648n, queuedMs: 20_000, step: 10, stepMs: 100, failsAt: Infinity }],
]);

type Progress = MessageInitShape<typeof DocumentProgressSchema>;

/**
 * Pretends to process a document.
 *
 * @param after - Progress up to this sequence number is left out.
 * @param pause - Waits that long, or rejects when nobody is interested any more, which ends the work.
 * @throws An error with the `code` and `details` of a gRPC status. The details of these two codes are for people:
 * they reach the browser as they are.
 */
export async function* processDocument(
  documentId: string,
  after: number,
  pause: (ms: number) => Promise<void>,
): AsyncGenerator<Progress> {
  let sequence = 0;
  for (const [progress, pauseMs] of stepsOf(documentId)) {
    if (++sequence <= after) continue;
    yield { ...progress, sequence };
    await pause(pauseMs);
  }
}

/** Everything there is to say about a document, and how long each step takes. */
function* stepsOf(documentId: string): Generator<[progress: Progress, pauseMs: number]> {
  const document = documents.get(documentId);
  if (!document) throw refusal(status.NOT_FOUND, "There is no such document.");
  const { bytes, queuedMs, step, stepMs, failsAt } = document;
  yield [{ percent: 0, status: DocumentStatus.QUEUED, message: "Waiting for a worker" }, queuedMs];
  for (let percent = 0; percent < 100; percent += step) {
    if (percent >= failsAt) throw refusal(status.FAILED_PRECONDITION, "Page 7 is protected by a password.");
    const message = percent < 30 ? "Reading pages" : percent < 80 ? "Recognising text" : "Building the index";
    const bytesProcessed = (bytes * BigInt(percent)) / 100n;
    yield [{ percent, status: DocumentStatus.PROCESSING, message, bytesProcessed }, stepMs];
  }
  yield [{ percent: 100, status: DocumentStatus.COMPLETED, message: "Ready", bytesProcessed: bytes }, 0];
}

const refusal = (code: status, details: string): Error => Object.assign(new Error(details), { code, details });
