/** What another process can do in between. */

import { O_CREAT, O_EXCL, O_NOFOLLOW } from "../../calls/constants.ts";
import type { CallName } from "../../calls/call.ts";
import type { TracedCall } from "../trace.ts";
import type { Lint, Suspicion } from "./lint.ts";

const checks: ReadonlySet<CallName> = new Set<CallName>(["stat", "lstat", "access"]);
/** Beside `open`, of which only the end says on which descriptor. */
const uses: ReadonlySet<CallName> = new Set<CallName>([
  "unlink",
  "rmdir",
  "truncate",
  "chmod",
  "chown",
  "lchown",
  "utimes",
  "lutimes",
] as const);

interface Pending {
  readonly check: TracedCall;
  readonly use: TracedCall;
}

export function races(): Lint {
  const checked = new Map<string, TracedCall>();
  /** Opened after a check: right if the program looks at the descriptor next. */
  const opened = new Map<number, Pending>();
  return {
    *begin(call) {
      const [path] = call.paths as [string];
      const pending = call.fd === undefined ? undefined : opened.get(call.fd);
      if (pending !== undefined) {
        opened.delete(call.fd!);
        if (!looksAtDescriptor(call)) yield suspicion(path, pending);
      }
      const check = checked.get(path);
      if (check === undefined || !uses.has(call.name)) return;
      checked.delete(path);
      if (!isOneMethod(check, call)) yield suspicion(path, { check, use: call });
    },

    *end(call) {
      const [path] = call.paths as [string];
      if (checks.has(call.name)) checked.set(path, call);
      const check = call.name === "open" ? checked.get(path) : undefined;
      if (check !== undefined) {
        checked.delete(path);
        const pending = { check, use: call };
        if (isOneMethod(check, call) || isSafe(call)) return;
        if (call.error === undefined) opened.set(call.fd!, pending);
        else yield suspicion(path, pending);
      }
      // What the program puts there itself is new, whatever a check said before.
      if (call.error === undefined && call.paths.length === 2) checked.delete(call.paths[1]!);
    },
  };
}

const suspicion = (path: string, { check, use }: Pending): Suspicion => ({
  rule: "check-then-use",
  path,
  call: use,
  detail: `${check.name}, then ${use.name}`,
});

function isSafe({ args }: TracedCall): boolean {
  const flags = args[1] as number;
  return (flags & O_NOFOLLOW) !== 0 || (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
}

/** `fstat` by the program itself: the one in `readFile` compares nothing. */
const looksAtDescriptor = ({ name, via }: TracedCall): boolean =>
  name === "fstat" && via === "fstat";

/** Node's own `rm` and `cp` look first; there is no other way to call them. */
const isOneMethod = (check: TracedCall, use: TracedCall): boolean =>
  check.via === use.via && check.via !== check.name;
