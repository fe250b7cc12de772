import { errorCode, rename, sleep, type Operation, type Steps } from "@holdfast/fs/steps";

/** How often and how patiently a rename is tried again. */
export interface RenameRetry {
  readonly maxRetries: number;
  readonly baseDelayMs: number;
}

/**
 * Renames (or makes another attempt of that kind); where the platform says that a failure passes by itself (a scanner or a reader holds the
 * file), tries again with growing delays and jitter. Only the rename is ever tried again, and only
 * for those codes: one that turns into another ends it.
 */
export function* renameWithRetrySteps(
  operation: Operation,
  from: string,
  to: string,
  retry: RenameRetry,
  attempt: () => Steps<void> = () => rename(from, to),
): Steps<void> {
  const { retryOn, maxDelayMs } = operation.platform.rename;
  for (let tried = 0; ; tried++) {
    try {
      return yield* attempt();
    } catch (error) {
      if (tried >= retry.maxRetries || !retryOn.has(errorCode(error) ?? "")) throw error;
    }
    const delay = Math.min(retry.baseDelayMs * 2 ** tried, maxDelayMs);
    // Half fixed, half random: several programs that wait for one reader do not come back at once.
    yield* sleep(delay / 2 + (Math.random() * delay) / 2);
  }
}
