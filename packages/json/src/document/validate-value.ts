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
const seeIssues =
  'Only its owner may read the file: what was said of it is in the field "issues", values perhaps with it.';

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
 * @param quote whether `problem` may say what the schema says, in which values may be: not of a file that only
 *   its owner may read. Then it says where alone; `issues` and `cause` have the messages always
 * @throws `Refusal` (`ERR_JSON_INVALID`) with `issues`
 */
export function* validateValue<Value>(
  validate: Validate<Value> | undefined,
  value: unknown,
  operation?: Operation,
  quote: boolean = true,
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
    throw thrown(error, quote);
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
  if ("error" in answer) throw thrown(answer.error, quote);
  return outcome(answer.result, quote);
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

function outcome<Value>(result: StandardResult<Value>, quote: boolean): Value {
  let issues: JsonIssue[];
  try {
    if (result.issues === undefined) {
      // What is no answer at all must not pass for the value `undefined`.
      if (!("value" in result)) throw new TypeError("the schema did not say what the value is");
      return result.value;
    }
    issues = [...result.issues].map(toIssue);
  } catch (error) {
    throw thrown(error, quote);
  }
  throw invalid(issues, quote);
}

function invalid(issues: readonly JsonIssue[], quote: boolean): Refusal {
  if (!quote) {
    const problem = notAsked(issues);
    return new Refusal("ERR_JSON_INVALID", { problem, hint: seeIssues, more: { issues } });
  }
  const shown = issues.slice(0, shownIssues).map(showIssue);
  const more = issues.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  return new Refusal("ERR_JSON_INVALID", {
    problem: ["the value is not what the schema asks for", shown.join("; ")]
      .filter(Boolean)
      .join(": "),
    more: { issues },
  });
}

/** Where something is wrong, and not a word of what. */
function notAsked(issues: readonly JsonIssue[]): string {
  const places = [...new Set(issues.map(({ path }) => showValuePath(path)))];
  const [first = "value"] = places;
  if (places.length <= 1) {
    return `${first === "value" ? "the value" : first} is not what the schema asks for`;
  }
  const shown = places.slice(0, shownIssues);
  const more = places.length - shown.length;
  const all = [...shown, ...(more > 0 ? [`${more} more`] : [])];
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)} are not what the schema asks for`;
}

function thrown(error: unknown, quote: boolean): Refusal {
  const issue: JsonIssue = { path: [], message: messageOf(error) };
  return new Refusal("ERR_JSON_INVALID", {
    ...(quote
      ? { problem: `"validate" threw: ${showMessage(issue.message)}` }
      : { problem: '"validate" threw', hint: seeIssues }),
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
