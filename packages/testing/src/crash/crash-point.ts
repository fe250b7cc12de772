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
export function pointsOf({ events }: Timeline, model: PowerLossModel): CrashPoint[] {
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

/** Takes a disk for each model from point to point. What is yielded is true until the next step. */
export function* disksAt(
  timeline: Timeline,
  models: readonly PowerLossModel[],
): Generator<{ readonly point: CrashPoint; readonly disk: Disk }> {
  const ways = models.map((model) => ({
    disk: new Disk(model, timeline),
    points: pointsOf(timeline, model),
    passed: 0,
  }));
  for (let events = 0; events <= timeline.events.length; events++) {
    for (const way of ways) {
      const point = way.points[way.passed];
      if (point?.events === events) {
        way.passed++;
        yield { point, disk: way.disk };
      }
    }
    const event = timeline.events[events];
    if (event !== undefined) for (const { disk } of ways) disk.follow(event);
  }
}

/** The disk at any point, of those of `pointsOf` or between them. */
export function diskAt(timeline: Timeline, model: PowerLossModel, events: number): Disk {
  const disk = new Disk(model, timeline);
  for (const event of timeline.events.slice(0, events)) disk.follow(event);
  return disk;
}
