/** Error replies of a server that will soon be able to answer, or is no longer the right one. */
const PASSING = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|UNBLOCKED|READONLY|BUSY) /;

/** Whether an error is an answer of Redis: those begin with a word in capitals, errors of the client do not. */
function isReply(error: unknown): error is Error {
  return error instanceof Error && /^[A-Z]{2,} /.test(error.message);
}

/** Whether a command may succeed when it is sent again. */
export function isPassing(error: unknown): boolean {
  return !isReply(error) || PASSING.test(error.message);
}

/** Whether the server was demoted: writes go to another one now, at the same address. */
export function isDemoted(error: unknown): boolean {
  return isReply(error) && error.message.startsWith("READONLY ");
}

/** Whether the server does not know a script. */
export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && error.message.startsWith("NOSCRIPT ");
}
