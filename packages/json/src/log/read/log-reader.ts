import { Refusal, runAsync, wait, type Operation, type Step, type Steps } from "@holdfast/fs/steps";
import type { ValidateOption } from "../../document/schema.ts";
import { validateValue } from "../../document/validate-value.ts";
import { CallerError, openLogInput, type LogInput } from "./log-input.ts";
import type { LogScanner } from "./log-scanner.ts";
import type { JsonLogReader, LogRecord, LogReport } from "../options.ts";

type Result<Value> = IteratorResult<LogRecord<Value>, undefined>;

const over = { done: true, value: undefined } as const;

/**
 * Reads when it is asked for a record and has none. Most calls of `next` are answered from what was read
 * before, without a run of steps: that would cost more than the record does.
 */
export class LogReader<Value> implements JsonLogReader<Value> {
  private readonly operation: Operation;
  private readonly path: string;
  private readonly scanner: LogScanner;
  private readonly validate: ValidateOption<Value> | undefined;
  private input: LogInput | undefined;
  private isOver = false;
  /** Calls that cannot be answered at once are answered one after the other. */
  private turn: Promise<unknown> | undefined;
  /** Whether a function of the caller's may be running, which may call this. */
  private isTaking = false;

  constructor(
    operation: Operation,
    path: string,
    scanner: LogScanner,
    validate: ValidateOption<Value> | undefined,
  ) {
    this.operation = operation;
    this.path = path;
    this.scanner = scanner;
    this.validate = validate;
  }

  get report(): LogReport {
    return this.scanner.report;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // Not an async function: that would make a second promise for each record.
  next(): Promise<Result<Value>> {
    const isBusy = this.turn !== undefined || this.isTaking;
    if (isBusy || this.isOver || this.input === undefined || this.isAborted()) {
      return this.enqueue(() => this.drive(this.pull()));
    }
    this.isTaking = true;
    try {
      const record = this.scanner.take();
      if (record === undefined) return this.enqueue(() => this.drive(this.pull()));
      if (this.validate === undefined) {
        return Promise.resolve({ done: false, value: record as LogRecord<Value> });
      }
      const steps = this.validated(record);
      const first = steps.next();
      if (first.done === true) return Promise.resolve({ done: false, value: first.value });
      return this.enqueue(() => this.drive(resumed(first.value, steps)));
    } catch (error) {
      return this.enqueue(() => this.drive(failing(error)));
    } finally {
      this.isTaking = false;
    }
  }

  return(): Promise<Result<Value>> {
    return this.enqueue(async () => {
      await this.end();
      return over;
    });
  }

  throw(error?: unknown): Promise<Result<Value>> {
    return this.enqueue(async () => {
      await this.end();
      throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  private isAborted(): boolean {
    return this.operation.signal?.aborted === true;
  }

  private enqueue(answer: () => Promise<Result<Value>>): Promise<Result<Value>> {
    const answered = (this.turn ?? Promise.resolve()).then(answer);
    const turn: Promise<void> = answered.then(
      () => this.endTurn(turn),
      () => this.endTurn(turn),
    );
    this.turn = turn;
    return answered;
  }

  private endTurn(turn: Promise<unknown>): void {
    if (this.turn === turn) this.turn = undefined;
  }

  /** Runs steps to the next record; the file is closed at the end, and when they fail. */
  private async drive(steps: Steps<LogRecord<Value> | undefined>): Promise<Result<Value>> {
    if (this.isOver) return over;
    const answer = await runAsync(this.closing(steps), this.operation);
    if (answer instanceof CallerError) throw answer.error;
    return answer === undefined ? over : { done: false, value: answer };
  }

  private *closing(
    steps: Steps<LogRecord<Value> | undefined>,
  ): Steps<LogRecord<Value> | CallerError | undefined> {
    let record: LogRecord<Value> | undefined;
    try {
      this.isTaking = true;
      record = yield* steps;
      if (record !== undefined) return record;
    } catch (error) {
      this.isOver = true;
      if (!(error instanceof CallerError)) throw error;
      return error;
    } finally {
      this.isTaking = false;
      if (record === undefined) {
        this.isOver = true;
        if (this.input !== undefined) yield* this.input.close();
      }
    }
    return undefined;
  }

  private *pull(): Steps<LogRecord<Value> | undefined> {
    // A record that has been read already needs no step, where the signal would be looked at.
    if (this.isAborted()) yield* wait(Promise.resolve());
    this.input ??= yield* openLogInput(this.operation, this.path, this.scanner);
    const record = yield* this.input.next();
    return record === undefined ? undefined : yield* this.validated(record);
  }

  private *validated(record: LogRecord): Steps<LogRecord<Value>> {
    const { line, offset } = record;
    try {
      const value = yield* validateValue(
        this.validate,
        record.value,
        this.operation,
        this.scanner.mayQuote,
      );
      return { ...record, value };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { problem = "the value is not what is asked for", more } = error.details;
      throw new Refusal(error.code, {
        ...error.details,
        problem: `line ${line}: ${problem}`,
        more: { ...more, line, offset },
      });
    }
  }

  private async end(): Promise<void> {
    this.isOver = true;
    if (this.input !== undefined) await runAsync(this.input.close(), this.operation);
  }
}

/** The rest of steps of which the first has been taken. */
function* resumed<T>(first: Step, steps: Steps<T>): Steps<T> {
  let step = first;
  for (;;) {
    let result: IteratorResult<Step, T>;
    try {
      result = steps.next(yield step);
    } catch (error) {
      result = steps.throw(error);
    }
    if (result.done === true) return result.value;
    step = result.value;
  }
}

// oxlint-disable-next-line require-yield -- the steps of something that failed before
function* failing(error: unknown): Steps<never> {
  throw error;
}
