import { nodeError } from "../calls/node-error.ts";
import { callFacts, type Call } from "../calls/call.ts";
import { make, type Composite } from "../calls/composite.ts";

/** What becomes of one call. */
export type Injected =
  | { readonly errno: string; readonly when: "before" | "after" }
  | { readonly atMostBytes: number };

/** Makes a call with a fault in it, of the calls underneath. */
export function* perform(call: Call, injected: Injected): Composite<unknown> {
  const { name, args } = call;
  if ("atMostBytes" in injected) {
    // Of 0 bytes: write(2) does nothing then, on a regular file.
    const length = Math.min(args[3] as number, injected.atMostBytes);
    return yield { name, args: args.map((arg, at) => (at === 3 ? length : arg)) };
  }
  const error = errorOf(call, injected.errno);
  // Linux gives a descriptor back whatever close(2) reports.
  if (injected.when === "before" && name !== "close") throw error;
  const result: unknown = yield { name, args };
  // Nobody learns of the descriptor of an open that reports a failure.
  if (name === "open") yield* make("close", result as number);
  throw error;
}

/** The error that Node would make of it. */
function errorOf({ name, paths }: Call, errno: string): Error {
  if (callFacts[name].paths === 0) return nodeError(errno, name, []);
  return nodeError(errno, name, name === "mkdtemp" ? [`${paths[0]}XXXXXX`] : paths);
}
