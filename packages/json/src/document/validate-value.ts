import {
  invalidCombination,
  invalidType,
  Refusal,
  wait,
  type Operation,
  type Steps,
} from "@holdfast/fs/steps";
import { escapeControls } from "../text/excerpt.ts";
import { shorten, showValuePath } from "../text/value-path.ts";
import type { JsonIssue } from "./errors.ts";
import type { StandardIssue, StandardResult, StandardSchema, Validate } from "./schema.ts";

const shownIssues = 3;
const longestMessage = 200;

/**
 * Checks before any I/O that something can validate.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`)
 */
export function readValidate<Value>(
  op: string,
  name: string,
  validate: Validate<Value> | undefined,
): Validate<Value> | undefined {
  if (validate === undefined || typeof validate === "function" || isStandard(validate)) {
    return validate;
  }
  throw invalidType(op, name, "a Standard Schema or a function", validate);
}

/**
 * Has a value checked. A promise is waited for; a synchronous run refuses it.
 *
 * @param operation names the call in errors of misuse
 * @throws `Refusal` (`ERR_JSON_INVALID`) with `issues`; the messages of a schema are quoted in `problem`
 *   without the value
 */
export function* validateValue<Value>(
  validate: Validate<Value> | undefined,
  value: unknown,
  operation?: Operation,
): Steps<Value> {
  if (validate === undefined) return value as Value;
  readValidate(operation?.op ?? "validate", "validate", validate);
  let answer: Answer<Value>;
  try {
    // A schema of arktype is a function too.
    const given = isStandard(validate)
      ? validate["~standard"].validate(value)
      : asResult(validate(value));
    answer = isThenable(given) ? given : { result: given };
  } catch (error) {
    throw thrown(error);
  }
  if (isThenable(answer)) {
    if (operation?.synchronous === true) {
      Promise.resolve(answer).catch(() => {});
      throw invalidCombination(
        operation.op,
        '"validate" answers with a promise, and a synchronous call cannot wait for it',
      );
    }
    // What fails here is caught here: what `wait` throws is then of the driver alone, an abort for one.
    answer = yield* wait(
      Promise.resolve(answer).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      ),
    );
  }
  if ("error" in answer) throw thrown(answer.error);
  return outcome(answer.result);
}

type Answer<Value> =
  | PromiseLike<StandardResult<Value>>
  | { readonly result: StandardResult<Value> }
  | { readonly error: unknown };

function asResult<Value>(
  value: Value | PromiseLike<Value>,
): StandardResult<Value> | PromiseLike<StandardResult<Value>> {
  return isThenable<Value>(value)
    ? Promise.resolve(value).then((later) => ({ value: later }))
    : { value };
}

function outcome<Value>(result: StandardResult<Value>): Value {
  let issues: JsonIssue[];
  try {
    if (result.issues === undefined) {
      // What is no answer at all must not pass for the value `undefined`.
      if (!("value" in result)) throw new TypeError("the schema did not say what the value is");
      return result.value;
    }
    issues = [...result.issues].map(toIssue);
  } catch (error) {
    throw thrown(error);
  }
  const shown = issues.slice(0, shownIssues).map(showIssue);
  const more = issues.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  throw new Refusal("ERR_JSON_INVALID", {
    problem: ["the value is not what the schema asks for", shown.join("; ")]
      .filter(Boolean)
      .join(": "),
    more: { issues },
  });
}

function thrown(error: unknown): Refusal {
  const issue: JsonIssue = { path: [], message: messageOf(error) };
  return new Refusal("ERR_JSON_INVALID", {
    problem: `"validate" threw: ${showMessage(issue.message)}`,
    cause: error,
    more: { issues: [issue] },
  });
}

/** Of whatever was thrown. */
function messageOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  const { message } = error as { message?: unknown };
  return typeof message === "string" ? message : "an object that is no error";
}

function toIssue({ message, path = [] }: StandardIssue): JsonIssue {
  return {
    path: Array.from(path, (part) => (typeof part === "object" ? part.key : part)),
    message: String(message),
  };
}

const showIssue = ({ path, message }: JsonIssue): string =>
  `${showValuePath(path)}: ${showMessage(message)}`;

const showMessage = (message: string): string => escapeControls(shorten(message, longestMessage));

function isStandard<Value>(validate: Validate<Value>): validate is StandardSchema<Value> {
  if (validate === null || (typeof validate !== "object" && typeof validate !== "function")) {
    return false;
  }
  const standard = (validate as Partial<StandardSchema<Value>>)["~standard"];
  return typeof standard === "object" && typeof standard?.validate === "function";
}

function isThenable<T>(value: unknown): value is PromiseLike<T> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<PromiseLike<T>>).then === "function"
  );
}
