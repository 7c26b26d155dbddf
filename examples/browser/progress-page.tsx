import { type ReactElement, useState } from "react";
import { useEventStream } from "./use-event-stream.ts";

interface Progress {
  readonly percent: number;
  readonly message: string;
}

/** The types of the events, and their data. The server can have the same map: `new SSEManager<DocumentEvents>()`. */
type DocumentEvents = { progress: Progress };

export function DocumentProgress({ documentId }: { documentId: string }): ReactElement {
  const [{ percent, message }, setProgress] = useState<Progress>({ percent: 0, message: "" });
  const { state, error } = useEventStream<DocumentEvents>(`/documents/${encodeURIComponent(documentId)}/progress`, {
    on: { progress: setProgress },
  });
  return (
    <section data-state={state}>
      <progress aria-label={`Progress of ${documentId}`} max={100} value={percent} />
      <output>
        {percent} %, {state}
      </output>
      <p role={state === "failed" ? "alert" : undefined}>{error?.message ?? message}</p>
    </section>
  );
}

const DOCUMENTS = ["report", "invoice", "silent", "broken", "missing"];

export function ProgressPage(): ReactElement {
  const [documentId, setDocumentId] = useState<string>();
  return (
    <main>
      <h1>Document processing</h1>
      {DOCUMENTS.map((id) => (
        <button key={id} type="button" onClick={() => setDocumentId(id)}>
          {id}
        </button>
      ))}
      <button type="button" onClick={() => setDocumentId(undefined)}>
        Stop
      </button>
      {/* The key gives each document a state of its own: without it, a new one would begin with the progress of the last. */}
      {documentId !== undefined && <DocumentProgress key={documentId} documentId={documentId} />}
    </main>
  );
}
