import { sessionPattern } from "../settings/read-options.ts";
import { isFileName } from "./names.ts";

/** What a ref says. */
export interface Ref {
  readonly session: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

const form = /^spill:([^/:]+)\/([^/:]+):(0|[1-9][0-9]{0,15}):([0-9a-f]{64})$/;

/** A ref: letters, digits and `.`, `_`, `-`, `:`, `/` alone. */
export function formatRef({ session, file, bytes, sha256 }: Ref): string {
  return `spill:${session}/${file}:${bytes}:${sha256}`;
}

/** What a string says, if it is a ref: nothing in it leads anywhere but to one name in one session. */
export function parseRef(text: string): Ref | undefined {
  if (text.length > 512) return undefined;
  const [, session, file, bytes, sha256] = form.exec(text) ?? [];
  if (session === undefined || file === undefined || bytes === undefined) return undefined;
  if (!sessionPattern.test(session) || !isFileName(file)) return undefined;
  return { session, file, bytes: Number(bytes), sha256: sha256! };
}
