import { Buffer } from "node:buffer";
import { quotePath, type HoldfastError } from "@holdfast/fs/steps";
import type { CallSettings } from "../settings/settings.ts";
import type { SpillReason } from "../spill-result.ts";
import { escaped, fitPreview, hookError, type Ends } from "./preview.ts";

/** What is said about an output. */
export interface Told {
  readonly id: string;
  readonly ends: Ends;
  readonly isUtf8: boolean;
}

/** A text to show, the preview in it, and what a hook of the caller threw meanwhile. */
export interface Stub {
  readonly text: string;
  readonly preview: string;
  readonly error: HoldfastError | undefined;
}

/** What stands for an output that is on disk: never longer than the output. */
export function stubOf(
  told: Told,
  { ref, sha256 }: { readonly ref: string; readonly sha256: string },
  given: CallSettings,
): Stub {
  const settings = withinLines(given);
  return withHooks(told, settings, (shown, safe) => {
    const { bytes } = told.ends;
    const notText = told.isUtf8 ? "" : ", not UTF-8 text (U+FFFD stands for what is none)";
    const header =
      `[The output of ${shown} is too big to show: ${bytes} bytes${notText}, all of it kept. ` +
      `${settings.howToRead}\n${ref}]`;
    // Above the threshold it would be in the way again; but what it says comes first.
    const threshold = Math.min(settings.maxBytes - settings.headroom, settings.maxChars);
    const limit = Math.min(bytes, Math.max(threshold, Buffer.byteLength(header) + separatorBytes));
    const whole = fitPreview(told.ends, safe, limit, (preview) => `${header}\n${preview}`);
    if (whole !== undefined) return whole;
    // Without a ref there is at least as much of the digest as there is room for: what changed late must show.
    const kept = `${bytes} bytes kept`;
    const shorter = [
      header,
      `[${kept}: ${ref}]`,
      ref,
      `[${kept}, SHA-256 ${sha256}]`,
      `[${kept}, SHA-256 ${sha256.slice(0, 16)}…]`,
      `[SHA-256 ${sha256.slice(0, 8)}…]`,
      "…",
    ];
    const text = shorter.find((form) => Buffer.byteLength(form) <= bytes) ?? "";
    return { text, preview: "" };
  });
}

/** Room for the line that says how much is left out. */
const separatorBytes = 48;

/** What a stub has beside the lines of the output: two that say what it is, and one for what is left out. */
const ownLines = 3;

/** As many lines that a stub has no more than are too many; head and tail share what there is. */
function withinLines(settings: CallSettings): CallSettings {
  const { maxLines, headLines, tailLines } = settings;
  if (maxLines === Infinity) return settings;
  const lines = Math.max(0, maxLines - ownLines);
  const head = Math.min(headLines, Math.max(Math.ceil(lines / 2), lines - tailLines));
  return { ...settings, headLines: head, tailLines: Math.min(tailLines, lines - head) };
}

/** What is shown of an output that is not on disk: as much as a preview, and why. */
export function noticeOf(
  told: Told,
  reason: SpillReason,
  code: string,
  complete: boolean,
  settings: CallSettings,
): Stub {
  return withHooks(told, settings, (shown, safe) => {
    const { bytes } = told.ends;
    const amount = complete ? `${bytes} bytes` : `more than ${bytes} bytes`;
    const why = `${whys[reason]} (${code})`;
    const header = `[The output of ${shown} is not all here: ${why}. This is left of ${amount}.]`;
    // It is all that is left, so the threshold does not shorten it; what `escape` makes longer counts.
    const room = settings.headBytes + settings.tailBytes + separatorBytes;
    const limit = Buffer.byteLength(header) + room;
    const whole = fitPreview(told.ends, safe, limit, (preview) => `${header}\n${preview}`);
    return whole ?? { text: header, preview: "" };
  });
}

const whys: { readonly [Reason in SpillReason]: string } = {
  "over-file-budget": "it is more than one output may have on disk",
  "over-session-budget": "the session has used up its space on disk",
  "over-store-budget": "the store has used up its space on disk",
  "no-space": "the disk is full",
  "not-writable": "the store cannot be written to",
  "store-gone": "the store was removed",
  planted: "something else has a name of the store",
  "io-failed": "it could not be kept on disk",
  "source-failed": "its source failed",
  aborted: "the call was aborted",
  closed: "the store was closed",
};

/** The longest id that is shown, in UTF-16 units. */
const longestId = 80;

function withHooks(
  told: Told,
  settings: CallSettings,
  build: (id: string, settings: CallSettings) => { text: string; preview: string },
): Stub {
  const id = quotePath(told.id.length > longestId ? `${told.id.slice(0, longestId)}…` : told.id);
  try {
    return { ...build(escaped(settings, id), settings), error: undefined };
  } catch (cause) {
    // Nothing of the output is shown that was not escaped.
    const nothing = { ...settings, headBytes: 0, tailBytes: 0, escape: undefined };
    return { ...build("a tool", nothing), error: hookError(told.id, cause) };
  }
}
