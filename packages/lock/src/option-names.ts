import { invalidCombination, requireObject } from "@holdfast/fs/steps";
import type { InspectLockOptions, LockOptions } from "./options.ts";

export const lockNames: readonly (keyof LockOptions)[] = [
  ...(["timeoutMs", "signal", "shared", "purpose", "heartbeatMs", "staleAfterMs"] as const),
  ...(["retry", "onCompromised", "fileSystem", "offload"] as const),
];
export const retryNames: readonly (keyof NonNullable<LockOptions["retry"]>)[] = ["minMs", "maxMs"];
export const inspectNames: readonly (keyof InspectLockOptions)[] = ["staleAfterMs", "fileSystem"];

/** What the same is called elsewhere. */
const meant: ReadonlyMap<string, string> = new Map([
  ["stale", "staleAfterMs"],
  ["staleMs", "staleAfterMs"],
  ["update", "heartbeatMs"],
  ["heartbeat", "heartbeatMs"],
  ["timeout", "timeoutMs"],
  ["wait", "timeoutMs"],
  ["retries", "timeoutMs"],
  ["retryWait", "retry"],
  ["pollPeriod", "retry"],
  ["minTimeout", "minMs"],
  ["maxTimeout", "maxMs"],
  ["fs", "fileSystem"],
]);

/** An option that is misspelt would do nothing, and nobody would notice. */
export function refuseUnknown(
  op: string,
  options: unknown,
  known: readonly string[],
  prefix = "",
): void {
  requireObject(op, options);
  for (const name of Object.keys(options as object)) {
    if (known.includes(name)) continue;
    const other = meant.get(name);
    const instead = other !== undefined && known.includes(other) ? `; "${prefix}${other}" is` : "";
    throw invalidCombination(op, `there is no option ${JSON.stringify(prefix + name)}${instead}`);
  }
}
