import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stageConfig } from '../lib/stages.ts';
import { BOOTSTRAP_VERSION, reservedConcurrency } from '../scripts/preflight.ts';
import type { Template } from './lib/synthesized.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
const text = read('../docs/deploy.md');
const golden = (stack: string): Template => JSON.parse(read(`lib/golden/${stack}-prod.json`));
const [state, platform] = [golden('HeraldState'), golden('Herald')];
const [journeys, delivery, api] = [golden('HeraldJourneys'), golden('HeraldDelivery'), golden('HeraldApi')];
/** What may cost while nothing happens is in these. */
const running = { ...platform.Resources, ...journeys.Resources, ...delivery.Resources };

const count = (types: string[]): Record<string, number> =>
  Object.fromEntries([...new Set(types)].sort().map((type) => [type, types.filter((one) => one === type).length]));
const typesOf = ({ Resources }: Template): string[] => Object.values(Resources).map(({ Type }) => Type);

describe('docs/deploy.md', () => {
  test('counts what the stacks of prod create', () => {
    const listed = Object.fromEntries(
      [...text.matchAll(/(\d+)\s`(AWS::[\w:]+)`/g)].map(([, n, type]) => [type!, Number(n)]),
    );
    expect(listed).toEqual(count([state, platform, journeys, delivery, api].flatMap(typesOf)));
  });

  test('names what the stages reserve and the bootstrap version', () => {
    const [dev, prod] = (['dev', 'prod'] as const).map((name) => reservedConcurrency(stageConfig(name)));
    expect(text).toContain(`(dev ${dev}, prod ${prod})`);
    expect(text).toContain(`older than version ${BOOTSTRAP_VERSION}`);
  });

  test('counts what stays when the stacks go', () => {
    const kept = [state, platform, journeys, delivery].flatMap(({ Resources }) =>
      Object.values(Resources).filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain'),
    );
    const { 'AWS::DynamoDB::Table': tables, 'AWS::S3::Bucket': buckets, ...rest } = count(kept.map(({ Type }) => Type));
    expect(text).toContain(`${tables} tables, ${buckets} buckets and the user pool stay`);
    expect(rest).toEqual({ 'AWS::Cognito::UserPool': 1, 'AWS::SecretsManager::Secret': 2 });
    expect(text).toContain('and the key of erasures');
  });
});

describe('what an idle deployment costs', () => {
  const section = text.slice(text.indexOf('| what | arithmetic | $ |')).split('\n\n')[0]!;
  const rows = section
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  /** `7 queues × $0.40 / 1,000,000` */
  const product = (arithmetic: string): number =>
    arithmetic.split(' × ').reduce((result, factor) => {
      const [amount, per = '1'] = factor.replace(/[$,]/g, '').split(' / ');
      return (result * Number.parseFloat(amount!)) / Number(per);
    }, 1);

  test('each line is its arithmetic, and the total is their sum', () => {
    const lines = rows.slice(0, -1);
    expect(lines.length).toBeGreaterThan(5);
    for (const [, what, arithmetic = '', usd] of lines) expect(product(arithmetic).toFixed(2), what).toBe(usd);
    const total = lines.reduce((sum, [, , arithmetic = '']) => sum + product(arithmetic), 0).toFixed(2);
    expect(rows.at(-1)![3]).toBe(`**${total}**`);
    expect(read('../README.md')).toContain(`an idle deployment costs $${total} a month`);
  });

  test('is reckoned with what the template has', () => {
    const has = count(typesOf({ Resources: running }));
    const schedule = Object.values(running).find(
      ({ Type, Properties }) =>
        Type === 'AWS::Scheduler::Schedule' && String(Properties.Description).includes('sweep-outbox'),
    );
    const minutes = /rate\((\d+) minutes\)/.exec(String(schedule!.Properties.ScheduleExpression))?.[1];
    const runs = ((730 * 60) / Number(minutes)).toLocaleString('en-US');
    expect(section).toContain(`| ${has['AWS::CloudWatch::Alarm']} alarms ×`);
    expect(section).toContain(
      `| ${has['AWS::Lambda::EventSourceMapping']} queues × 5 pollers × ${(730 * 180).toLocaleString('en-US')} requests`,
    );
    for (const [, what = '', arithmetic] of rows.filter(([, what]) => what?.startsWith('sweep'))) {
      expect(arithmetic, what).toMatch(new RegExp(`^${runs} runs × `));
    }
    expect(
      [state, platform, journeys, delivery].flatMap(typesOf).filter((type) => type.startsWith('AWS::KMS')),
    ).toEqual([]);
  });
});
