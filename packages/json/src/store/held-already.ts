import { Refusal, type Steps } from "@holdfast/fs/steps";

/** Who is in the way of a call that asks for the lock of a document. */
export type Holder = "caller" | "update" | undefined;

/** Says in the words of a store why the lock cannot be had; a store has nothing to pass along. */
export function* explainHeld<T>(holder: Holder, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "ERR_LOCK_HELD") throw error;
    const told = explanations[holder ?? "other"];
    throw told === undefined ? error : new Refusal(error.code, { ...error.details, ...told });
  }
}

const explanations = {
  caller: {
    problem: "it was called by a function that another call of this store is waiting for",
    hint: "Make the change on the draft that the function was given, or after that call has ended.",
  },
  update: {
    problem: "another call of this store is under way, and a synchronous one cannot wait for it",
    hint: "Await that call first. In an exit handler it cannot end any more: await it before the process exits.",
  },
  other: undefined,
} as const satisfies Record<"caller" | "update" | "other", object | undefined>;
