import { randomUUID } from 'node:crypto';
import jsonata from 'jsonata';

/** What `{% … %}` can name: variables without their `$`, and `states`. */
export type Bindings = Record<string, unknown>;

/** An error as a state reports it: `error` is what ErrorEquals matches, `cause` what a person reads. */
export class StateError extends Error {
  readonly error: string;
  override readonly cause: string;
  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
  }
}

export const DATA_LIMIT_BYTES = 262_144;

/** The JSON text of state data. Throws States.DataLimitExceeded above 256 KiB of UTF-8. */
export function withinLimit(value: unknown, what: string): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= DATA_LIMIT_BYTES) return text;
  throw new StateError('States.DataLimitExceeded', `${what} has ${bytes} bytes, the maximum is ${DATA_LIMIT_BYTES}.`);
}

/** What Step Functions lacks: `$eval`, operators after JSONata 2.0.6; and its functions that nobody here needs. */
const UNSUPPORTED = /\?[?:]|\$(eval|hash|partition|random|range) *\(/;
const LITERALS = /'(\\.|[^'\\])*'|"(\\.|[^"\\])*"/g;
const compiled = new Map<string, jsonata.Expression>();

/** The expression inside `{% … %}`; undefined for any other value: Step Functions evaluates whole strings only. */
export const expressionIn = (value: unknown): string | undefined =>
  typeof value === 'string' ? /^\{%(.*)%\}$/s.exec(value)?.[1]?.trim() : undefined;

/** Throws for a syntax error, and for what is not supported. */
export function compile(source: string): jsonata.Expression {
  const [unsupported] = UNSUPPORTED.exec(source.replaceAll(LITERALS, "''")) ?? [];
  if (unsupported) throw new Error(`${unsupported} in {% ${source} %} is not supported locally`);
  try {
    const expression = compiled.get(source) ?? jsonata(source);
    compiled.set(source, expression);
    return expression;
  } catch (error) {
    throw new Error(`${(error as { message: string }).message} in {% ${source} %}`);
  }
}

/** Evaluates every `{% … %}` in a template, at any depth. Throws States.QueryEvaluationError; `field` names the place. */
export async function evaluate(template: unknown, bindings: Bindings, nowMs: number, field: string): Promise<unknown> {
  if (typeof template === 'object' && template !== null) {
    const isList = Array.isArray(template);
    const entries = Object.entries(template).map(async ([key, value]) => {
      return [key, await evaluate(value, bindings, nowMs, `${field}/${key}`)] as const;
    });
    const values = await Promise.all(entries);
    return isList ? values.map(([, value]) => value) : Object.fromEntries(values);
  }
  const source = expressionIn(template);
  if (source === undefined) return template;
  try {
    const result: unknown = await compile(source).evaluate(undefined, { ...functions(nowMs), ...bindings });
    if (result === undefined) throw new Error('returned nothing (undefined)');
    // A copy as JSON: jsonata marks its sequences with hidden properties.
    return JSON.parse(JSON.stringify(result, refuseFunctions));
  } catch (error) {
    const { message } = error as { message: string };
    throw new StateError('States.QueryEvaluationError', `The expression '${source}' of field '${field}': ${message}`);
  }
}

const refuseFunctions = (_key: string, value: unknown): unknown => {
  const isLambda = typeof value === 'object' && value !== null && '_jsonata_lambda' in value;
  if (typeof value === 'function' || isLambda) throw new Error('returned a function, an unsupported result type');
  return value;
};

const toText = jsonata('$fromMillis($at, $picture, $zone)');

/** What Step Functions adds to JSONata, and the clock of the cloud, so that virtual time shows in `$now()`. */
const functions = (nowMs: number): Bindings => ({
  now: (picture?: string, zone?: string) => toText.evaluate(undefined, { at: nowMs, picture, zone }),
  millis: () => nowMs,
  uuid: () => randomUUID(),
  parse: (text: string) => JSON.parse(text) as unknown,
});
