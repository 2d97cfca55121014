import { randomUUID } from 'node:crypto';
import { refuseOthers } from './expect-properties.ts';
import { AwsError, type Context, type Service } from './types.ts';

const BILLED_BYTES = 64 * 1024;

type Entry = { Source?: string; DetailType?: string; Detail?: string; EventBusName?: string };
type Target = { Arn: string; Id: string; DeadLetterConfig?: { Arn: string } };
type Rule = { arn: string; bus: string; matches: (event: unknown) => boolean; targets: Target[] };
type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Exact values of fields, nested or not: the patterns that Herald uses. A list matches when one of its elements does. */
export const compilePattern = (pattern: unknown): Rule['matches'] => {
  if (Array.isArray(pattern) && pattern.length > 0 && !pattern.some((value) => value instanceof Object))
    return (value) => [value].flat().some((one) => pattern.includes(one));
  const parts = isObject(pattern) ? Object.entries(pattern) : [];
  if (parts.length === 0)
    throw new Error(`The local EventBridge does not support the pattern ${JSON.stringify(pattern)}`);
  const tests = parts.map(([name, inner]) => [name, compilePattern(inner)] as const);
  return (value) => [value].flat().some((one) => isObject(one) && tests.every(([name, test]) => test(one[name])));
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {}
};

/** EventBridge buses and rules. An event that PutEvents accepted has been handed to all its targets. */
export const eventBridge = (ctx: Context): Service => {
  const buses = new Set(['default']);
  const rules: Rule[] = [];

  const deliver = async (rule: Rule, { Arn, DeadLetterConfig }: Target, event: object): Promise<void> => {
    try {
      await ctx.services.deliver(Arn, event);
    } catch (error) {
      if (!DeadLetterConfig) throw error;
      const { name, message } = error as Error;
      const attributes = { RULE_ARN: rule.arn, TARGET_ARN: Arn, ERROR_CODE: name, ERROR_MESSAGE: message };
      ctx.services.sqs.send(DeadLetterConfig.Arn, JSON.stringify(event), { attributes });
    }
  };

  const put = async (entry: Entry): Promise<Result> => {
    const { Source, DetailType, Detail, EventBusName = 'default' } = entry;
    if (!Source || !DetailType || !Detail)
      return { ErrorCode: 'InvalidArgument', ErrorMessage: 'Source, DetailType and Detail are required arguments.' };
    const detail = parsed(Detail);
    if (!isObject(detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const bus = EventBusName.replace(/^.*\//, '');
    // AWS accepts and drops an event for a bus that does not exist; that hides a mistake, so here it is told.
    if (!buses.has(bus))
      return { ErrorCode: 'ResourceNotFoundException', ErrorMessage: `There is no event bus ${bus}` };
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': DetailType,
      source: Source,
      account: ctx.account,
      time: new Date(ctx.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: ctx.region,
      resources: [],
      detail,
    };
    const wanted = rules.filter((rule) => rule.bus === bus && rule.matches(event));
    await Promise.all(wanted.flatMap((rule) => rule.targets.map((target) => deliver(rule, target, event))));
    return { EventId: event.id };
  };

  const bill = ({ Source = '', DetailType = '', Detail = '' }: Entry) => {
    const units = Math.ceil(Buffer.byteLength(Source + DetailType + Detail) / BILLED_BYTES);
    ctx.meter.count('events-event', units, 'events:PutEvents');
  };

  ctx.services.bus = {
    put(busName, { source, detailType, detail }) {
      const leave = ctx.clock.enter();
      void put({ EventBusName: busName, Source: source, DetailType: detailType, Detail: JSON.stringify(detail) })
        .then((result) => 'ErrorCode' in result && console.error(result.ErrorMessage))
        .finally(leave);
    },
  };

  return {
    signingName: 'events',
    async handle({ action, body }) {
      if (action !== 'PutEvents')
        throw new AwsError('UnknownOperationException', `The local EventBridge does not support ${action}`);
      const { Entries: entries } = JSON.parse((await body()).toString()) as { Entries: Entry[] };
      if (entries.length === 0 || entries.length > 10)
        throw new AwsError('ValidationException', `PutEvents takes 1 to 10 entries, not ${entries.length}`);
      const results = await Promise.all(entries.map(put));
      for (const [n, entry] of entries.entries()) if ('EventId' in (results[n] as Result)) bill(entry);
      return { body: { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results } };
    },
    resources: {
      'AWS::Events::EventBus': {
        supported: ['Name'],
        ignored: ['Tags'],
        create({ properties }) {
          const name = String(properties.Name);
          buses.add(name);
          return { ref: name, attributes: { Arn: `arn:aws:events:${ctx.region}:${ctx.account}:event-bus/${name}` } };
        },
      },
      'AWS::Events::Rule': {
        supported: ['EventBusName', 'EventPattern', 'State', 'Targets'],
        ignored: ['Description'],
        create({ logicalId, properties }) {
          const bus = String(properties.EventBusName ?? 'default');
          const targets = properties.Targets as Target[];
          for (const target of targets) refuseOthers(logicalId, target, ['Arn', 'Id', 'DeadLetterConfig']);
          const matches = compilePattern(properties.EventPattern);
          const arn = `arn:aws:events:${ctx.region}:${ctx.account}:rule/${bus}/${logicalId}`;
          if (properties.State === 'ENABLED') rules.push({ arn, bus, matches, targets });
          return { ref: logicalId };
        },
      },
    },
  };
};
