import { errorData } from "@ssewire/core";

/** What readers are told of a failure: what its error event shows, never a stack or a cause. */
interface StoredFailure {
  readonly message?: string;
  readonly data?: object;
  readonly httpStatus?: number;
}

/** Text of a failure, for the end of a log. */
export function writeFailure(error: unknown): string {
  const { message, httpStatus, data } = look(error);
  const stored = {
    message: typeof message === "string" ? message : undefined,
    httpStatus: typeof httpStatus === "number" ? httpStatus : undefined,
  };
  try {
    const dataText = JSON.stringify(data, (_, value) => (typeof value === "bigint" ? String(value) : value));
    return JSON.stringify({ ...stored, data: dataText === undefined ? undefined : JSON.parse(dataText) });
  } catch {
    // Data without a JSON form could not be shown in the writer's process either.
    return JSON.stringify(stored);
  }
}

/** The error that readers in every process throw for {@link writeFailure}'s text. */
export function readFailure(text: string): Error {
  // Written by the function above.
  const { message = "Unknown error", data, httpStatus } = JSON.parse(text) as StoredFailure;
  return Object.assign(
    new Error(message),
    data !== undefined && { [errorData]: data },
    httpStatus !== undefined && { httpStatus },
  );
}

function look(error: unknown): { message?: unknown; httpStatus?: unknown; data?: unknown } {
  try {
    const { message = error, httpStatus, [errorData]: data }: Failure = Object(error);
    return { message, httpStatus, data };
  } catch {
    // It throws when looked at.
    return {};
  }
}

interface Failure {
  readonly message?: unknown;
  readonly httpStatus?: unknown;
  readonly [errorData]?: unknown;
}
