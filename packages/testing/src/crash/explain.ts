import { inspect } from "node:util";
import { numbered, type ListedLine } from "../scenario/call-lines.ts";
import type { DiskInode } from "./disk.ts";
import { diskAt } from "./crash-point.ts";
import type { Oddity } from "./fate.ts";
import { fullyDurable } from "./fate.ts";
import type { CrashCase, History } from "./history.ts";
import { odditiesOf } from "./legal-states.ts";
import type { Change } from "./timeline.ts";
import { vainFlushes } from "./vain-flushes.ts";

/** A case said as simply as it can be: at the earliest point at which the state is legal. */
export interface SimplestCase<Ack> {
  readonly found: CrashCase<Ack>;
  readonly events: number;
  /** In the order in which the changes were made. */
  readonly odd: readonly Oddity[];
}

/** What came last and was lost need not have been made. */
export function simplest<Ack>(found: CrashCase<Ack>): SimplestCase<Ack> {
  const { history, point, state } = found;
  const odd = new Map(odditiesOf(state).map((one) => [one.change, one]));
  const reached = new Set(state.tree.inodes);
  let { events } = point;
  for (; events > 0; events--) {
    const event = history.timeline.events[events - 1]!;
    if (event.kind !== "change") break;
    const { change } = event;
    const isLost = odd.get(change)?.fate.kind === "lost";
    if (!isLost && leadsSomewhere(change, reached)) break;
    odd.delete(change);
  }
  return { found, events, odd: [...odd.values()] };
}

function leadsSomewhere(change: Change, reached: ReadonlySet<number>): boolean {
  if (change.kind !== "names") return reached.has(change.inode);
  return change.settings.some(({ directory }) => reached.has(directory));
}

/** The number of the last call before a point; 0 for none. */
function callBefore<Ack>({ timeline }: History<Ack>, events: number): number {
  const event = timeline.events[events - 1];
  if (event === undefined) return 0;
  return event.kind === "change" ? event.change.call : event.call;
}

/** `"power lost after call 7 (rename a.tmp -> a), model ext4, also in xfs"`. */
export function describePoint<Ack>({ found, events }: SimplestCase<Ack>): string {
  const { history, model, alsoIn } = found;
  const call = callBefore(history, events);
  const of = history.before === undefined ? "" : " of the recovery";
  const acknowledged = history.timeline.events[events - 1]?.kind === "ack";
  const when =
    call === 0
      ? `before the first call${of}`
      : `after call ${call}${of} (${history.timeline.calls[call - 1]})`;
  const also = alsoIn.length === 0 ? "" : `, also in ${alsoIn.map(({ name }) => name).join(", ")}`;
  return `${when}${acknowledged ? ", acknowledged" : ""}, model ${model.name}${also}`;
}

/** The calls up to the point, with what became of each. */
export function describeCalls<Ack>(simple: SimplestCase<Ack>): string[] {
  const { found, events } = simple;
  const { timeline, acks } = found.history;
  const last = callBefore(found.history, events);
  const marks = marksOf(simple);
  const shown = timeline.calls.slice(0, last);
  const width = Math.min(50, Math.max(0, ...shown.map((line) => line.length)));
  const lines: ListedLine[] = [];
  const acknowledged = timeline.events
    .slice(0, events)
    .flatMap((event) => (event.kind === "ack" ? [event.call] : []));
  const tellAcks = (call: number): void => {
    for (const [index, at] of acknowledged.entries()) {
      if (at === call) lines.push({ text: `acknowledged ${inspect(acks[index])}` });
    }
  };
  tellAcks(0);
  for (const [index, line] of shown.entries()) {
    const call = index + 1;
    const mark = marks.get(call);
    const text = mark === undefined ? line : `${line.padEnd(width)}  ${mark}`;
    lines.push({ number: call, text });
    tellAcks(call);
  }
  return [...numbered(lines), "power lost"];
}

function marksOf<Ack>({ found, events, odd }: SimplestCase<Ack>): Map<number, string> {
  const { timeline } = found.history;
  const disk = diskAt(timeline, found.model, events);
  const settled = new Set(
    disk.pending.filter(({ durable }) => durable !== fullyDurable).map(({ change }) => change),
  );
  const oddOf = new Map(odd.map((one) => [one.change, one]));
  const reached = new Set(found.state.tree.inodes);
  const marks = new Map<number, string>();
  for (const event of timeline.events.slice(0, events)) {
    if (event.kind !== "change") continue;
    const { change } = event;
    const since = disk.durableSince.get(change.id);
    const open = settled.has(change);
    const mark = markOf(change, oddOf.get(change), {
      since: open ? undefined : since,
      gone: open && !leadsSomewhere(change, reached),
      inode: disk.inode(change.inode),
    });
    const before = marks.get(change.call);
    marks.set(change.call, before === undefined ? mark : `${before}; ${mark}`);
  }
  for (const [call, worth] of vainFlushes(timeline, found.model, events)) marks.set(call, worth);
  return marks;
}

function markOf(
  change: Change,
  odd: Oddity | undefined,
  {
    since,
    gone,
    inode,
  }: {
    readonly since: number | undefined;
    readonly gone: boolean;
    readonly inode: DiskInode;
  },
): string {
  if (odd === undefined) {
    if (since !== undefined) return `durable since call ${since}`;
    return gone ? `gone: no name leads to the ${inode.type}` : "reached the disk";
  }
  switch (odd.fate.kind) {
    case "zeros":
      return "reached the disk as zeros";
    case "part": {
      const length = change.kind === "write" ? change.bytes.length : 0;
      const { from, to } = odd.fate;
      if (from === 0) return `reached the disk in part: ${to} of ${length} bytes`;
      return `reached the disk in part: ${to - from} of ${length} bytes, without the first ${from}`;
    }
    case "half":
      return "the new name reached the disk, the old one is still there";
    default:
      return "lost";
  }
}
