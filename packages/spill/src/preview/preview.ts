import { Buffer } from "node:buffer";
import { HoldfastError } from "@holdfast/fs/steps";
import type { CallSettings } from "../settings/settings.ts";
import { completeStart } from "./code-points.ts";
import { headOf, tailOf } from "./cut.ts";

/** What a preview is made from. */
export interface Ends {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Of the whole output. */
  readonly bytes: number;
}

/** How many bytes of an output are shown. */
export interface Share {
  readonly head: number;
  readonly tail: number;
}

/** Head, what is left out, and tail of an output. */
export interface Preview {
  readonly text: string;
  /** How many bytes of the output are in it. */
  readonly shown: Share;
}

/** The preview that shows at most so much. @throws what `escape` throws */
export function previewOf(ends: Ends, settings: CallSettings, share: Share): Preview {
  const head = headOf(ends.head, { bytes: share.head, lines: settings.headLines });
  // What the head shows is not shown again.
  const overlap = Math.max(0, head.length - (ends.bytes - ends.tail.length));
  const rest = ends.tail.subarray(Math.min(overlap, ends.tail.length));
  const unseen = rest.subarray(overlap === 0 ? 0 : completeStart(rest, 0));
  const tail = tailOf(unseen, { bytes: share.tail, lines: settings.tailLines });
  const left = ends.bytes - head.length - tail.length;
  const shown = { head: head.length, tail: tail.length };
  const [first, last] = [escaped(settings, head.text), escaped(settings, tail.text)];
  if (left <= 0) return { text: first + last, shown };
  const before = first === "" || first.endsWith("\n") ? first : `${first}\n`;
  return { text: `${before}[… ${left} bytes left out …]${last === "" ? "" : `\n${last}`}`, shown };
}

/** What the escape hook makes of a text. @throws what it throws; `TypeError` if it makes no string */
export function escaped({ escape }: CallSettings, text: string): string {
  if (escape === undefined || text === "") return text;
  const made: unknown = escape(text);
  if (typeof made !== "string") throw new TypeError("escape must return a string");
  return Buffer.from(made).toString(); // lone surrogates have no UTF-8 form
}

/** The error of a hook of the caller that threw. */
export function hookError(path: string, cause: unknown): HoldfastError {
  return new HoldfastError({ op: "spill", path, effect: "none", code: "ERR_HOOK", cause });
}

/**
 * The longest text whose preview fits: the preview shrinks until it does. `undefined` where even an empty one does not.
 *
 * @param compose puts what is said about the output around the preview
 */
export function fitPreview(
  ends: Ends,
  settings: CallSettings,
  limit: number,
  compose: (preview: string) => string,
): { readonly text: string; readonly preview: string } | undefined {
  let share: Share = { head: settings.headBytes, tail: settings.tailBytes };
  for (;;) {
    const { text: preview, shown } = previewOf(ends, settings, share);
    const text = compose(preview);
    const over = Buffer.byteLength(text) - limit;
    if (over <= 0) return { text, preview };
    const total = shown.head + shown.tail;
    if (total === 0) return undefined;
    // By at least one byte; where `escape` makes much of little, not by more than that is.
    const much = Math.ceil((total * over) / Buffer.byteLength(preview));
    const rest = Math.max(0, total - Math.min(Math.ceil(over / 4) + 1, much));
    // In proportion.
    const head = Math.floor((rest * shown.head) / total);
    share = { head, tail: rest - head };
  }
}
