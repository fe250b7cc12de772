import { Refusal, type HoldfastError } from "@holdfast/fs/steps";
import { noticeOf, stubOf, type Told } from "../preview/stub.ts";
import type { CallSettings } from "../settings/settings.ts";
import type { KeptOutput, SpilledOutput, SpillReason, TruncatedOutput } from "../spill-result.ts";
import { OverBudget } from "./budget.ts";
import { errorOf, reasonOf } from "./errors.ts";
import { SourceFailure, type Output } from "./output.ts";
import { formatRef, type Ref } from "./ref.ts";

const absent = { stub: undefined, ref: undefined, path: undefined } as const;

export function keptResult<Content>(
  content: Content,
  output: Output,
  error: HoldfastError | undefined,
): KeptOutput<Content> {
  const { bytes } = output.meter;
  const told = { content, bytes, sha256: output.meter.digest() };
  const none = { preview: undefined, reason: undefined } as const;
  return { spilled: false, truncated: false, ...told, ...absent, ...none, error };
}

export function spilledResult(
  id: string,
  output: Output,
  file: Ref & { readonly path: string },
  settings: CallSettings,
  error: HoldfastError | undefined,
): SpilledOutput {
  const { path, bytes, sha256 } = file;
  const ref = formatRef(file);
  const stub = stubOf(toldOf(id, output), { ref, sha256 }, settings);
  return {
    spilled: true,
    truncated: false,
    content: undefined,
    stub: stub.text,
    ref,
    path,
    bytes,
    sha256,
    preview: stub.preview,
    reason: undefined,
    error: error ?? stub.error,
  };
}

/** What is told of an output that was not kept. A whole is read to its end for it. */
export async function truncatedResult(
  id: string,
  output: Output,
  failure: unknown,
  { path, leftovers }: { readonly path: string; readonly leftovers: readonly string[] },
  settings: CallSettings,
): Promise<TruncatedOutput> {
  try {
    await output.readRest();
  } catch {
    // Aborted, most likely: then what was read until now is what there is.
  }
  const { reason, error } = explained(failure, path, leftovers);
  const notice = noticeOf(toldOf(id, output), reason, error.code, output.isComplete, settings);
  const sha256 = output.isComplete ? output.meter.digest() : undefined;
  const { bytes } = output.meter;
  return {
    spilled: false,
    truncated: true,
    content: notice.text,
    ...absent,
    bytes,
    sha256,
    preview: notice.preview,
    reason,
    error,
  };
}

function toldOf(id: string, { meter }: Output): Told {
  return { id, ends: { ...meter.ends(), bytes: meter.bytes }, isUtf8: meter.isUtf8 };
}

function explained(
  failure: unknown,
  path: string,
  leftovers: readonly string[],
): { readonly reason: SpillReason; readonly error: HoldfastError } {
  const op = "spill";
  if (failure instanceof OverBudget) {
    const { reason, problem } = failure;
    return {
      reason,
      error: errorOf(op, path, undefined, { code: "ERR_TOO_LARGE", problem, leftovers }),
    };
  }
  if (failure instanceof SourceFailure) {
    const error = errorOf(op, path, failure.cause, { code: "ERR_CONTENT_SOURCE", leftovers });
    return { reason: "source-failed", error };
  }
  if (failure instanceof Refusal) {
    const { code, details } = failure;
    const error = errorOf(op, path, details.cause, { code, leftovers, ...details });
    return { reason: reasonOf(failure), error };
  }
  return { reason: reasonOf(failure), error: errorOf(op, path, failure, { leftovers }) };
}
