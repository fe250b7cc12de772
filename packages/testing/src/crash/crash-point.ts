import { Disk } from "./disk.ts";
import type { PowerLossModel } from "./models.ts";
import type { Timeline } from "./timeline.ts";

/** A moment at which the power goes. */
export interface CrashPoint {
  /** So many events of the timeline were before it. */
  readonly events: number;
  /** So many of them were acknowledgements. */
  readonly acks: number;
}

/**
 * The points that stand for all: right before each flush and each acknowledgement, and at the end. What
 * may be on the disk at any other point may also be there at the next one of these, with what came in
 * between lost. A flush only takes possibilities away, unless what it makes durable overtakes what
 * came before: then there is a point after it, too.
 */
function pointsOf({ events }: Timeline, model: PowerLossModel): CrashPoint[] {
  const overtakes = model.order === "prefix" && model.fsync !== "everything";
  const points: CrashPoint[] = [];
  let acks = 0;
  let news = true;
  for (const [index, event] of events.entries()) {
    const narrows = event.kind === "ack" || (event.kind === "sync" && !event.failed);
    if (narrows && news) points.push({ events: index, acks });
    news = event.kind !== "sync" || overtakes || (event.failed && news);
    if (event.kind === "ack") acks++;
  }
  if (news) points.push({ events: events.length, acks });
  return points;
}

/** A point, and the model that says what may be on the disk then. */
export interface Cell {
  readonly point: CrashPoint;
  readonly model: PowerLossModel;
}

/** All that there are to look at. */
export function cellsOf(timeline: Timeline, models: readonly PowerLossModel[]): Cell[] {
  return models.flatMap((model) => pointsOf(timeline, model).map((point) => ({ point, model })));
}

/**
 * Takes a disk for each model from point to point, the earliest first. What is yielded is true until the
 * next step.
 */
export function* disksAt<Of extends Cell>(
  timeline: Timeline,
  cells: readonly Of[],
): Generator<{ readonly cell: Of; readonly disk: Disk }> {
  const ways = new Map<PowerLossModel, { readonly disk: Disk; events: number }>();
  for (const cell of [...cells].sort((one, other) => one.point.events - other.point.events)) {
    let way = ways.get(cell.model);
    if (way === undefined) {
      way = { disk: new Disk(cell.model, timeline), events: 0 };
      ways.set(cell.model, way);
    }
    while (way.events < cell.point.events) way.disk.follow(timeline.events[way.events++]!);
    yield { cell, disk: way.disk };
  }
}

/** The disk at any point, of those of `pointsOf` or between them. */
export function diskAt(timeline: Timeline, model: PowerLossModel, events: number): Disk {
  const disk = new Disk(model, timeline);
  for (const event of timeline.events.slice(0, events)) disk.follow(event);
  return disk;
}
