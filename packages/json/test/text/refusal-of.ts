import { Refusal } from "@holdfast/fs/steps";

/** What was refused: the code, and all that the error will have. */
export interface Refused {
  readonly code: string;
  readonly problem: string;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  readonly line?: number;
  readonly column?: number;
  readonly offset?: number;
  readonly excerpt?: string | undefined;
  readonly valuePath?: readonly PropertyKey[];
  readonly issues?: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

/** Runs what must be refused. */
export function refusalOf(run: () => unknown): Refused {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { more, ...details } = error.details;
    return { problem: "", ...details, ...more, code: error.code };
  }
  throw new Error(`nothing was refused: ${String(value).slice(0, 100)}`);
}
