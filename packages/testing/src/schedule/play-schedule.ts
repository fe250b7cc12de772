import type { Call } from "../calls/call.ts";
import { facesOf } from "../calls/faces.ts";
import { endLine } from "../interference/in-words.ts";
import type { MemoryBackend } from "../memory/memory-backend.ts";
import { callLine, type ListedLine } from "../scenario/call-lines.ts";
import { asError, startFrom, type Start } from "../scenario/run-scenario.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { CallFootprints } from "./call-footprint.ts";
import { isExpiry, letterOf, runOf, type Choice } from "./choice.ts";
import { AsWritten, type Chooser } from "./chooser.ts";
import { Contestant, type Listener } from "./contestant.ts";
import { Expiries } from "./expiries.ts";
import { Footprint } from "./footprint.ts";
import { inTime } from "./in-time.ts";
import type { Played, PlayOptions } from "./played.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { withClock } from "./virtual-time.ts";
import type { VirtualTimer } from "./virtual-timer.ts";

/** Before anybody's timers are replaced, so that it is always a real turn of the event loop. */
const realImmediate = globalThis.setImmediate;

/** How long it takes until a run that waits for nothing that we know of is believed to wait for ever. */
const patienceMs = { virtual: 1000, events: 1000, real: 5000 } as const;
/** Turns of the event loop in which somebody waits with `setImmediate` and makes no call. */
const maxTurns = 1000;

/** Runs several programs on one file system, and lets `chooser` say whose call is made next. */
export async function playSchedule(
  scenarios: readonly Scenario[],
  start: Start,
  chooser: Chooser,
  options: PlayOptions,
): Promise<Played> {
  return await new Player(scenarios, start, chooser, options).play();
}

class Player implements Listener {
  readonly #memory: MemoryBackend;
  readonly #footprints: CallFootprints;
  readonly #contestants: readonly Contestant[];
  #chooser: Chooser;
  #unwantedAs: "given up" | "begun" | undefined;
  readonly #options: PlayOptions;
  readonly #clock: VirtualClock;
  /** `undefined`: timers are no steps. */
  readonly #expiries: Expiries | undefined;
  readonly #choices: Choice[] = [];
  readonly #lines: ListedLine[] = [];
  readonly #limits = new Set<string>();
  /** What the step that is being made has used so far. */
  #footprint = new Footprint();
  #arrived: () => void = () => {};
  #calls = 0;
  #quiet = 0;
  #preemptions = 0;
  /** Which run went on last; none once everybody has waited. */
  #last: number | undefined;
  #over = false;
  #thrown: Error | undefined;

  constructor(
    scenarios: readonly Scenario[],
    start: Start,
    chooser: Chooser,
    options: PlayOptions,
  ) {
    this.#clock = new VirtualClock(options.startMs, () => this.#footprint.add("clock", "read"));
    if (options.timers === "events") {
      this.#expiries = new Expiries(this.#clock, options.maxTimerFirings);
    }
    // By the clock of the runs, too: the time of a file is never before the beginning of its disk.
    this.#memory = withClock(this.#clock, () => startFrom(start));
    const limited = start.memory.capacityBytes !== undefined;
    this.#footprints = new CallFootprints(this.#memory, limited);
    this.#contestants = scenarios.map((one, i) => new Contestant(i, one, this.#memory, this));
    this.#chooser = chooser;
    this.#options = options;
  }

  async play(): Promise<Played> {
    for (const contestant of this.#contestants) {
      if (this.#options.timers === "real") this.#begin(contestant);
      else withClock(this.#clock, () => this.#begin(contestant), contestant.index);
    }
    await this.#settle();
    if (this.#calls > 0 && !this.#options.stepToBegin) this.#unwanted("begun");
    const outcome = await this.#playToTheEnd();
    this.#over = true;
    return {
      outcome: this.#unwantedAs ?? outcome,
      memory: this.#memory,
      contestants: this.#contestants,
      choices: this.#choices,
      preemptions: this.#preemptions,
      lines: this.#lines,
      limits: this.#limits,
      thrown: this.#thrown,
      starved: outcome === "endless" ? this.#starved() : [],
    };
  }

  async #playToTheEnd(): Promise<Played["outcome"]> {
    for (;;) {
      if (this.#thrown !== undefined) return "stuck";
      if (this.#calls >= this.#options.maxCalls) return "endless";
      const able = this.#able();
      if (able.length > 0) {
        const noCall = isExpiry(able[0]!);
        if (noCall && this.#quiet >= this.#options.maxCalls) return "endless";
        await this.#step(this.#choose(able), able);
      } else if (this.#contestants.every(({ end }) => end !== undefined)) {
        return "ended";
      } else if (this.#clock.hasTimers) {
        if (this.#quiet >= this.#options.maxCalls) return "endless";
        await this.#letTimePass();
      } else if (!(await this.#somebodyArrives())) {
        return "stuck";
      }
    }
  }

  #able(): Choice[] {
    const calls = this.#contestants.filter(({ gates }) => gates.length > 0);
    return [...calls.map(({ index }) => index), ...(this.#expiries?.able ?? [])];
  }

  #choose(able: readonly Choice[]): Choice {
    const choice = this.#chooser.choose(able);
    if (choice !== undefined) return choice;
    this.#unwanted("given up");
    return this.#choose(able);
  }

  /**
   * Nobody wants to know how this ends, but it must: a run that was stopped for good would keep the
   * locks that it has in memory, and the runs of the next schedule would wait for them.
   */
  #unwanted(why: "given up" | "begun"): void {
    this.#unwantedAs = why;
    this.#chooser = new AsWritten([]);
  }

  async #step(choice: Choice, able: readonly Choice[]): Promise<void> {
    const last = this.#last;
    if (last !== undefined && last !== choice && able.includes(last)) this.#preemptions++;
    this.#last = runOf(choice);
    this.#choices.push(choice);
    if (this.#expiries === undefined) {
      if (this.#clock.hasTimers) {
        this.#limits.add(
          "the clock was moved only when nobody could make a call: no timer ran out between two calls",
        );
      }
    } else if (this.#expiries.withheld.length > 0) this.#limits.add(this.#expiries.bound);
    if (isExpiry(choice)) await this.#runOut(this.#expiries!.choose(runOf(choice)));
    else await this.#makeCall(this.#contestants[choice]!);
    this.#chooser.made(choice, this.#footprint);
  }

  async #makeCall(contestant: Contestant): Promise<void> {
    this.#quiet = 0;
    if (contestant.gates.length > 1) {
      this.#limits.add(
        `calls that ${contestant.letter} makes at the same time were made in the order in which it made them`,
      );
    }
    const gate = contestant.gates.shift()!;
    const { call } = gate;
    this.#footprint = call === undefined ? new Footprint() : this.#footprints.of(call);
    gate.open();
    await gate.made;
    await this.#settle();
  }

  /**
   * The timer of a run runs out. Who does not look at the clock cannot tell in which order it was moved: it
   * comes to the latest moment of all. The others look at it, among them who sets a timer, and whoever
   * changes a file.
   */
  async #runOut(timer: VirtualTimer): Promise<void> {
    this.#quiet++;
    this.#footprint = new Footprint();
    this.#footprint.add("clock", "touch");
    this.#lines.push({ text: this.#expiries!.line(timer) });
    await this.#moveClock(() => this.#clock.runOut(timer));
  }

  /** Nobody has a choice. */
  async #letTimePass(): Promise<void> {
    if (this.#expiries === undefined) {
      this.#quiet++;
      this.#footprint = new Footprint();
      await this.#moveClock(() => {
        const ms = this.#clock.advance();
        this.#lines.push({ text: `-- clock +${ms} ms` });
      });
    } else {
      // Also where nobody else is left: in another order of the same steps somebody would have been.
      this.#limits.add(this.#expiries.bound);
      await this.#runOut(this.#clock.nextOfEach()[0]!);
    }
    this.#timePassed();
  }

  async #moveClock(move: () => void): Promise<void> {
    try {
      move();
    } catch (error) {
      this.#thrown = asError(error);
    }
    await this.#settle();
  }

  #timePassed(): void {
    this.#last = undefined;
    this.#chooser.clockMoved();
  }

  /** Whether the call of somebody arrives who waits for something that is neither a call nor a timer. */
  async #somebodyArrives(): Promise<boolean> {
    const { timers } = this.#options;
    const arrived = new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    if (!(await inTime(arrived, patienceMs[timers]))) return false;
    await this.#settle();
    this.#timePassed(); // whatever it was, nobody could go on without it
    this.#limits.add(
      timers === "real"
        ? "timers were real ones: who came when was not chosen"
        : "a run waited for something that is neither a call nor a timer: when it came was not chosen",
    );
    return true;
  }

  /** Until every run waits: for its turn, for a timer, or for another run. */
  async #settle(): Promise<void> {
    for (let turns = 0; turns < maxTurns; turns++) {
      // All promises and `process.nextTick` of the runs are through before the next turn begins.
      await new Promise<void>((resolve) => void realImmediate(resolve));
      try {
        if (!this.#clock.runImmediates()) return;
      } catch (error) {
        this.#thrown = asError(error);
        return;
      }
    }
    this.#thrown = new Error(`nobody made a call in ${maxTurns} turns of setImmediate`);
  }

  #begin(contestant: Contestant): void {
    const { scenario, acks, letter } = contestant;
    const fs = facesOf(contestant.interception);
    const run = async (): Promise<void> => {
      if (this.#options.stepToBegin) await contestant.begin();
      await scenario.run(fs, (ack) => void acks.push(ack));
    };
    const ended = (end: "done" | Error): void => {
      contestant.end = end;
      if (this.#expiries !== undefined) this.#clock.forsake(contestant.index);
      if (!this.#over) this.#lines.push({ text: `${letter} -- ${endLine(end)}` });
      this.#arrived();
    };
    void run().then(
      () => ended("done"),
      (error: unknown) => ended(asError(error)),
    );
  }

  arrived(): void {
    this.#arrived();
  }

  beforeSync({ letter }: Contestant, call: Call): void {
    if (this.#over) throw new Error("the schedule is over");
    if (this.#calls >= this.#options.maxCalls) {
      throw new Error(`more than ${this.#options.maxCalls} calls`);
    }
    this.#footprint.addAll(this.#footprints.of(call));
    this.#limits.add(
      `${letter} makes synchronous calls: nobody can come between one of them and what ${letter} did before`,
    );
  }

  after({ letter }: Contestant, call: Call, error?: unknown): void {
    const number = ++this.#calls;
    if (!this.#over) this.#lines.push({ number, text: `${letter} ${callLine(call, error)}` });
  }

  #starved(): string[] {
    const lately = new Set(this.#choices.slice(-Math.ceil(this.#choices.length / 2)).map(runOf));
    const able = [...this.#able().map(runOf), ...(this.#expiries?.withheld ?? [])];
    const starved = new Set(able.filter((run) => !lately.has(run)));
    return [...starved].toSorted((a, b) => a - b).map(letterOf);
  }
}
